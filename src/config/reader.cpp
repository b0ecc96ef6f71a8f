#include "config/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/describe_experiment.h"
#include "config/schema.h"
#include "core/nearest.h"

namespace sparcell::config {
namespace {

/// Names are folders, file names and parts of override paths.
bool is_model_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c == '_' || c == '-' || (c < 128 && std::isalnum(c));
  });
}

/// "; did you mean 'vae'?" of a section without a type that is named nearly as one that has it: an override
/// of a model that is not there makes such a section.
std::string model_meant(const std::string& name, const Node& models) {
  std::vector<std::string> typed;
  for (std::size_t i = 0; i < models.keys.size(); ++i) {
    if (models.items[i].find("type") != nullptr) typed.push_back(models.keys[i].text);
  }
  return did_you_mean(name, typed);
}

/// The experiment's own `train`; what is wrong with it is reported where that section is read.
TrainOptions common_train(const Node& root) {
  TrainOptions train;
  Problems reported_elsewhere;
  if (const Node* node = root.find("train")) {
    Reader reader(*node, "train", reported_elsewhere);
    describe(reader, train);
  }
  return train;
}

/// Dropout that a section leaves out is the default's, layer by layer; layers beyond those have the last.
void fit_dropout(const Node* section, NetworkOptions& network) {
  if (section == nullptr || section->find("dropout") != nullptr || network.dropout.empty()) return;
  network.dropout.resize(network.hidden.size(), network.dropout.back());
}

}  // namespace

const Node* Reader::take(std::string_view name) {
  names_.emplace_back(name);
  return section_.find(name);
}

void Reader::map(std::string_view name, std::vector<std::pair<std::string, std::vector<std::string>>>& values,
                 std::string_view) {
  const Node* node = take(name);
  if (!node || node->is_null()) return;
  const std::string path = join_path(path_, name);
  if (!node->is_map()) {
    ValueReader(path, problems_).expect(*node, "a mapping");
    return;
  }
  values.clear();
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    auto& [key, list] = values.emplace_back(node->keys[i].text, std::vector<std::string>{});
    ValueReader(join_path(path, key), problems_).read(node->items[i], list, any_number);
  }
  // A mapping has no order, so the hash of an experiment must not see the file's.
  std::sort(values.begin(), values.end());
}

void Reader::word(std::string_view name, WordOrNumber& value, std::initializer_list<std::string_view> words,
                  const Bounds& bounds, std::string_view) {
  if (const Node* node = take(name)) {
    ValueReader(join_path(path_, name), problems_).read(*node, value, {words.begin(), words.size()}, bounds);
  }
}

void Reader::shorthand(std::string_view word, bool& flag, bool value, std::string_view) {
  words_.emplace_back(word);
  if (!section_.is_scalar() || section_.text != word) return;
  flag = value;
  is_word_ = true;
}

void Reader::models(std::string_view name, ModelSet& models, const TrainOptions&, std::string_view) {
  const Node* node = take(name);
  if (!node || node->is_null()) return;
  if (!node->is_map()) {
    ValueReader("model", problems_).expect(*node, "a map from names to models");
    return;
  }
  const TrainOptions train = common_train(section_);
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    const Node::Key& key = node->keys[i];
    if (!is_model_name(key.text)) {
      problems_.add(key.place, "model",
                    fmt::format("the model name '{}' must be letters, digits, _ and -", key.text));
      continue;
    }
    ModelOptions& model = models.emplace_back(key.text, ModelOptions{}).second;
    model.train = train;
    Reader(node->items[i], join_path("model", key.text), problems_)
        .read_model(node->items[i], model, model_meant(key.text, *node));
  }
}

void Reader::read_model(const Node& node, ModelOptions& model, const std::string& meant) {
  const Node* type = node.find("type");
  if (!type) {
    problems_.add(
        node.place, path_,
        node.is_map() || node.is_null()
            ? fmt::format("{} needs a type: {}{}", path_, fmt::join(Names<ModelType>::values, ", "), meant)
            : fmt::format("{} must be a model (a mapping with a type); keys of one model are "
                          "model.NAME.KEY, as in model.vae.latent",
                          path_));
    return;
  }
  Problems wrong_type;
  ValueReader(join_path(path_, "type"), wrong_type).read(*type, model.type, any_number);
  if (wrong_type.touch(path_)) {  // the other keys have no meaning then
    ValueReader(join_path(path_, "type"), problems_).read(*type, model.type, any_number);
    return;
  }
  describe(*this, model);
  fit_dropout(&node, model.network);
  fit_dropout(node.find("generator"), model.gan.generator);
  fit_dropout(node.find("critic"), model.gan.critic);
  if (const Node* own = take("train")) {
    Reader reader(*own, join_path(path_, "train"), problems_);
    describe_own_train(reader, model);
    reader.finish();
  }
  finish();
}

void Reader::report_unknown(const Node::Key& key) {
  std::string sentence = fmt::format("unknown key '{}'{}", key.text, path_.empty() ? "" : " in " + path_);
  const std::string meant = nearest(key.text, names_);
  const std::vector<std::string> sections = sections_with(key.text);
  if (!meant.empty()) {
    sentence += fmt::format("; did you mean '{}'?", meant);
  } else if (!sections.empty()) {
    sentence += fmt::format("; it is a key of {}", fmt::join(sections, ", "));
  } else {
    sentence += fmt::format("; the keys here are {}", fmt::join(names_, ", "));
  }
  problems_.add(key.place, join_path(path_, key.text), sentence);
}

void Reader::finish() {
  if (is_word_ || section_.is_null()) return;
  if (!section_.is_map()) {
    std::string expected = "a mapping";
    if (!words_.empty()) expected += fmt::format(" or {}", fmt::join(words_, ", "));
    ValueReader(path_, problems_).expect(section_, expected);
    return;
  }
  for (const Node::Key& key : section_.keys) {
    if (std::find(names_.begin(), names_.end(), key.text) == names_.end()) report_unknown(key);
  }
}

void read_experiment(const Node& root, Experiment& experiment, PlanOptions& plan, Problems& problems) {
  Reader reader(root, "", problems);
  describe(reader, experiment);
  describe(reader, plan);
  reader.finish();
}

}  // namespace sparcell::config
