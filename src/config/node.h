// The tree of a YAML file as the config reads it. yaml-cpp's own tree hides duplicate keys, shares aliases
// and converts quoted words to bool, so only its parser is used (parse.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sparcell::config {

/// Where something was written: `file:line:column`, or `override 'a.b=c'` (line 0).
struct Place {
  std::string source;
  int line = 0;
  int column = 0;

  std::string text() const;
  bool operator==(const Place&) const = default;
};

struct Node {
  enum class Kind { null, scalar, list, map };
  struct Key {
    std::string text;
    Place place;
  };

  Kind kind = Kind::null;
  std::string text;     ///< of a scalar
  bool quoted = false;  ///< the scalar is a string whatever it looks like
  Place place;
  std::vector<Key> keys;    ///< of a map: keys[i] names items[i]
  std::vector<Node> items;  ///< of a list or map

  bool is_map() const { return kind == Kind::map; }
  bool is_list() const { return kind == Kind::list; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_null() const { return kind == Kind::null; }

  /// Position of a key in a map; -1 where it is absent or this is no map.
  int index_of(std::string_view key) const;
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  void set(const Key& key, Node value);
  void erase(std::string_view key);
};

/// Maps merge key by key; everything else in `over` replaces what was in `base`.
void merge(Node& base, const Node& over);

/// The parts of a dotted path; `\.` is a dot within a part.
std::vector<std::string> split_path(std::string_view path);

const Node* find_path(const Node& root, std::string_view path);

/// Place of the key that `path` names, or of the last of its parents that was written.
Place place_of(const Node& root, std::string_view path);

/// "parent.name", or "name" at the top.
std::string join_path(std::string_view parent, std::string_view name);

}  // namespace sparcell::config
