#include <fmt/format.h>

#include <algorithm>

#include "config/compose.h"
#include "config/parse.h"

namespace sparcell::config {
namespace {

std::string kind_of(const Node& node) { return node.is_list() ? "a list" : fmt::format("'{}'", node.text); }

struct Override {
  Place place;
  std::string path;
  std::vector<std::string> parts;
};

/// The map that holds the last part of the path; made on the way where `create`. Null where there is none.
Node* parent_of(Node& root, const Override& change, bool create, Problems& problems) {
  Node* node = &root;
  std::string walked;
  for (std::size_t i = 0; i + 1 < change.parts.size(); ++i) {
    walked = join_path(walked, change.parts[i]);
    Node* next = node->find(change.parts[i]);
    if (!next || next->is_null()) {
      if (!create) return nullptr;
      node->set({change.parts[i], change.place}, {Node::Kind::map, "", false, change.place, {}, {}});
      next = node->find(change.parts[i]);
    }
    if (!next->is_map()) {
      problems.add(change.place, walked,
                   fmt::format("{} is {} here and has no keys", walked, kind_of(*next)));
      return nullptr;
    }
    node = next;
  }
  return node;
}

void set_value(Node& root, const Override& change, const std::string& text, Problems& problems) {
  std::optional<Node> value = parse_yaml(text, change.place, problems);
  if (!value) return;
  if (text.empty()) value = Node{Node::Kind::scalar, "", true, change.place, {}, {}};
  if (Node* parent = parent_of(root, change, true, problems)) {
    parent->set({change.parts.back(), change.place}, std::move(*value));
  }
}

void remove_key(Node& root, const Override& change, Problems& problems) {
  if (!find_path(root, change.path)) {
    problems.add(change.place, change.path,
                 fmt::format("{} is not set, so it cannot be removed", change.path));
  } else if (Node* parent = parent_of(root, change, false, problems)) {
    parent->erase(change.parts.back());
  }
}

}  // namespace

void apply_overrides(Node& root, const std::vector<std::string>& overrides, Problems& problems) {
  for (const std::string& text : overrides) {
    const bool removes = text.starts_with('~');
    const std::size_t equals = removes ? std::string::npos : text.find('=');
    const std::string path = removes ? text.substr(1) : text.substr(0, equals);
    Override change;
    change.place.source = fmt::format("override '{}'", text);
    change.path = path;
    change.parts = split_path(path);
    const bool nameless = std::find(change.parts.begin(), change.parts.end(), "") != change.parts.end();
    if (nameless || (!removes && equals == std::string::npos)) {
      problems.add(change.place, "", "an override is KEY=VALUE or ~KEY, with a key like train.epochs");
    } else if (path == "defaults") {
      problems.add(change.place, path,
                   "defaults are composed before overrides; name the file in the experiment");
    } else if (removes) {
      remove_key(root, change, problems);
    } else {
      set_value(root, change, text.substr(equals + 1), problems);
    }
  }
}

}  // namespace sparcell::config
