#include <fmt/format.h>

#include "config/reader.h"

namespace sparcell::config {
namespace {

/// Keys and values of a map whose keys are paths.
Combination read_combination(const Node& node, const std::string& path, Problems& problems) {
  Combination combination;
  if (!node.is_map()) {
    ValueReader(path, problems).expect(node, "a map from paths of options to values");
    return combination;
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) combination.emplace_back(node.keys[i], node.items[i]);
  return combination;
}

/// Runs of an ablation are told apart by it.
bool is_arm_name(const std::string& name) { return !name.empty() && name != reference_arm; }

}  // namespace

SweepParameter Reader::read_parameter(const Node::Key& key, const Node& node) {
  SweepParameter parameter{key, {}, {}};
  const std::string path = fmt::format("{}.{}", path_, key.text);
  Reader inner(node, path, problems_);
  const Node* values = inner.take("values");
  std::optional<double> min, max;
  ValueRange range;
  inner.field("min", min, "");
  inner.field("max", max, "");
  inner.field("distribution", range.distribution, "");
  inner.finish();
  if (!node.is_map()) return parameter;
  // No value (~) takes back what a file under `defaults` gives.
  const auto given = [&](const char* name) {
    const Node* found = node.find(name);
    return found && !found->is_null();
  };
  const bool listed = given("values");
  const bool ranged = given("min") || given("max") || (!listed && node.find("distribution"));
  if (listed && ranged) {
    problems_.add(
        key.place, path,
        fmt::format("{} has both values and a range (files of defaults are merged); take one of them "
                    "back: values: ~, or min: ~ and max: ~",
                    path));
  } else if (!listed && !ranged) {
    problems_.add(key.place, path,
                  fmt::format("{} needs either values: [...], or min and max with a distribution", path));
  } else if (listed) {
    if (!values->is_list() || values->items.empty())
      ValueReader(path + ".values", problems_).expect(*values, "a list of at least one value");
    parameter.values = values->items;
  } else if (!min || !max) {
    problems_.add(key.place, path, fmt::format("{} is a range without {}", path, min ? "max" : "min"));
  } else {
    range.min = *min;
    range.max = *max;
    parameter.range = range;
  }
  return parameter;
}

void Reader::parameters(std::string_view name, std::vector<SweepParameter>& parameters, std::string_view) {
  const Node* node = take(name);
  if (!node || node->is_null()) return;
  const std::string path = join_path(path_, name);
  if (!node->is_map()) {
    ValueReader(path, problems_).expect(*node, "a map from paths of options to their values");
    return;
  }
  Reader inner(*node, path, problems_);
  for (std::size_t i = 0; i < node->keys.size(); ++i)
    parameters.push_back(inner.read_parameter(node->keys[i], node->items[i]));
}

void Reader::combination(std::string_view name, Combination& combination, std::string_view) {
  const Node* node = take(name);
  if (node && !node->is_null()) combination = read_combination(*node, join_path(path_, name), problems_);
}

void Reader::combinations(std::string_view name, std::vector<Combination>& combinations, std::string_view) {
  const Node* node = take(name);
  if (!node || node->is_null()) return;
  for (const Node& item : node->is_list() ? node->items : std::vector{*node})
    combinations.push_back(read_combination(item, join_path(path_, name), problems_));
}

void Reader::arms(std::string_view name, std::vector<AblationArm>& arms, std::string_view) {
  const Node* node = take(name);
  if (!node || node->is_null()) return;
  if (!node->is_map()) {
    ValueReader("ablation", problems_).expect(*node, "a map from names to lists of overrides");
    return;
  }
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    const Node::Key& key = node->keys[i];
    if (!is_arm_name(key.text)) {
      problems_.add(key.place, "ablation",
                    fmt::format("an arm cannot be named '{}': reference is the experiment itself", key.text));
    }
    std::vector<std::string> texts;
    ValueReader(join_path("ablation", key.text), problems_).read(node->items[i], texts, any_number);
    AblationArm arm{key.text, {}};
    for (std::size_t k = 0; k < texts.size(); ++k) {
      const Node& written = node->items[i].is_list() ? node->items[i].items[k] : node->items[i];
      const Place place{fmt::format("{}: override '{}'", written.place.text(), texts[k]), 0, 0};
      if (auto change = parse_override(texts[k], place, problems_)) arm.changes.push_back(std::move(*change));
    }
    if (texts.empty())
      problems_.add(key.place, "ablation", fmt::format("ablation.{} lists no override", key.text));
    arms.push_back(std::move(arm));
  }
}

}  // namespace sparcell::config
