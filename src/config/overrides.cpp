#include <fmt/format.h>

#include <algorithm>

#include "config/compose.h"
#include "config/parse.h"

namespace sparcell::config {
namespace {

std::string kind_of(const Node& node) { return node.is_list() ? "a list" : fmt::format("'{}'", node.text); }

/// Whether YAML takes the rest of the value for a comment: from a # on that stands outside quotes, first or
/// behind a blank. Quotes open where a value begins.
bool has_comment(const std::string& value) {
  char quote = 0, before = ' ';
  bool begins = true;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote && quote == '\'' && i + 1 < value.size() && value[i + 1] == quote) {
        ++i;  // a doubled one is part of the text
      } else if (c == quote) {
        quote = 0;
      }
      continue;
    }
    if (c == '#' && (before == ' ' || before == '\t')) return true;
    if (begins && (c == '"' || c == '\'')) quote = c;
    if (c != ' ' && c != '\t') begins = c == '[' || c == '{' || c == ',' || c == ':';
    before = c;
  }
  return false;
}

/// The map that holds the last part of the path; made on the way where `create`. Null where there is none.
Node* parent_of(Node& root, const Change& change, const std::vector<std::string>& parts, bool create,
                Problems& problems) {
  Node* node = &root;
  std::string walked;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    walked = join_path(walked, parts[i]);
    Node* next = node->find(parts[i]);
    if (!next || next->is_null()) {
      if (!create) return nullptr;
      node->set({parts[i], change.place}, {Node::Kind::map, "", false, change.place, {}, {}});
      next = node->find(parts[i]);
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

}  // namespace

std::optional<Change> parse_override(const std::string& text, const Place& place, Problems& problems) {
  const bool removes = text.starts_with('~');
  const std::size_t equals = removes ? std::string::npos : text.find('=');
  Change change{place, removes ? text.substr(1) : text.substr(0, equals), std::nullopt};
  const std::vector<std::string> parts = split_path(change.path);
  const bool nameless = std::find(parts.begin(), parts.end(), "") != parts.end();
  if (nameless || (!removes && equals == std::string::npos)) {
    problems.add(place, "", "an override is KEY=VALUE or ~KEY, with a key like train.epochs");
    return std::nullopt;
  }
  if (change.path == "defaults") {
    problems.add(place, change.path,
                 "defaults are composed before overrides; name the file in the experiment");
    return std::nullopt;
  }
  if (removes) return change;
  const std::string value = text.substr(equals + 1);
  if (has_comment(value)) {
    problems.add(place, change.path,
                 fmt::format("YAML takes what stands behind # for a comment; quote the value for YAML too, "
                             "as in {}='\"...\"' in a shell",
                             change.path));
    return std::nullopt;
  }
  change.value = parse_yaml(value, place, problems);
  if (!change.value) return std::nullopt;
  if (value.empty()) change.value = Node{Node::Kind::scalar, "", true, place, {}, {}};
  return change;
}

void apply(Node& root, const Change& change, Problems& problems) {
  const std::vector<std::string> parts = split_path(change.path);
  if (!change.value && !find_path(root, change.path)) {
    problems.add(change.place, change.path,
                 fmt::format("{} is not set, so it cannot be removed", change.path));
    return;
  }
  Node* parent = parent_of(root, change, parts, change.value.has_value(), problems);
  if (!parent) return;
  if (change.value) {
    parent->set({parts.back(), change.place}, *change.value);
  } else {
    parent->erase(parts.back());
  }
}

void apply_overrides(Node& root, const std::vector<std::string>& overrides, Problems& problems) {
  for (const std::string& text : overrides) {
    const Place place{fmt::format("override '{}'", text), 0, 0};
    if (const auto change = parse_override(text, place, problems)) apply(root, *change, problems);
  }
}

}  // namespace sparcell::config
