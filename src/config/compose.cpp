#include "config/compose.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "config/parse.h"
#include "sparcell/core/errors.h"

namespace sparcell::config {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file, const Place& named_at, Problems& problems) {
  std::error_code error;
  std::ifstream stream(file, std::ios::binary);
  if (stream && !fs::is_directory(file, error)) {
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  problems.add(named_at, "",
               fmt::format("cannot read the experiment file '{}': {}", file.string(),
                           stream ? "it is a folder" : std::strerror(errno)));
  problems.throw_any();
  return {};
}

/// The entries of `defaults`, which is taken out of the file.
std::vector<Node> take_defaults(Node& root, Problems& problems) {
  const Node* defaults = root.find("defaults");
  if (!defaults) return {};
  std::vector<Node> files = defaults->is_list() ? defaults->items : std::vector{*defaults};
  if (std::any_of(files.begin(), files.end(), [](const Node& file) { return !file.is_scalar(); })) {
    problems.add(place_of(root, "defaults"), "defaults", "defaults must be a list of files");
    files.clear();
  }
  root.erase("defaults");
  return files;
}

/// `open`: the files that are being composed, outermost first.
Node compose(const fs::path& file, const Place& named_at, std::vector<fs::path>& open, Problems& problems) {
  const fs::path identity = fs::weakly_canonical(file);
  if (std::find(open.begin(), open.end(), identity) != open.end()) {
    problems.add(named_at, "defaults",
                 fmt::format("defaults go round in a circle: '{}' includes itself", file.string()));
    problems.throw_any();
  }
  const std::string text = read_text(file, named_at, problems);
  const Place start{file.string(), 1, 1};
  std::optional<Node> root = parse_yaml(text, start, problems);
  if (!root) problems.throw_any();
  if (root->is_null()) root->kind = Node::Kind::map;
  if (!root->is_map()) {
    problems.add(root->place, "", "an experiment is a mapping of sections (read, filter, split, ...)");
    problems.throw_any();
  }
  open.push_back(identity);
  Node composed{Node::Kind::map, "", false, start, {}, {}};
  for (const Node& entry : take_defaults(*root, problems)) {
    merge(composed, compose(file.parent_path() / entry.text, entry.place, open, problems));
  }
  open.pop_back();
  merge(composed, *root);
  return composed;
}

bool is_one_model(const Node& section) {
  const Node* type = section.find("type");
  return type && type->is_scalar() && !type->text.empty() &&
         std::none_of(section.items.begin(), section.items.end(),
                      [](const Node& item) { return item.find("type"); });
}

}  // namespace

Node compose_files(const fs::path& file, Problems& problems) {
  std::vector<fs::path> open;
  return compose(file, {file.string(), 0, 0}, open, problems);
}

void name_single_model(Node& root) {
  Node* section = root.find("model");
  if (!section || !section->is_map() || !is_one_model(*section)) return;
  Node model = std::move(*section);
  *section = {Node::Kind::map, "", false, model.place, {}, {}};
  section->set({model.find("type")->text, place_of(root, "model")}, model);
}

}  // namespace sparcell::config
