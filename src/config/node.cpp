#include "config/node.h"

#include <fmt/format.h>

#include <utility>

namespace sparcell::config {

std::string Place::text() const { return line == 0 ? source : fmt::format("{}:{}:{}", source, line, column); }

int Node::index_of(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return static_cast<int>(i);
  }
  return -1;
}

const Node* Node::find(std::string_view key) const {
  const int i = index_of(key);
  return i < 0 ? nullptr : &items[i];
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

void Node::set(const Key& key, Node value) {
  const int i = index_of(key.text);
  if (i < 0) {
    keys.push_back(key);
    items.push_back(std::move(value));
  } else {
    keys[i] = key;
    items[i] = std::move(value);
  }
}

void Node::erase(std::string_view key) {
  const int i = index_of(key);
  if (i < 0) return;
  keys.erase(keys.begin() + i);
  items.erase(items.begin() + i);
}

void merge(Node& base, const Node& over) {
  if (!base.is_map() || !over.is_map()) {
    base = over;
    return;
  }
  for (std::size_t i = 0; i < over.keys.size(); ++i) {
    Node* held = base.find(over.keys[i].text);
    if (held && held->is_map() && over.items[i].is_map()) {
      merge(*held, over.items[i]);
    } else {
      base.set(over.keys[i], over.items[i]);
    }
  }
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size() && path[i + 1] == '.') {
      parts.back() += path[++i];
    } else if (path[i] == '.') {
      parts.emplace_back();
    } else {
      parts.back() += path[i];
    }
  }
  return parts;
}

const Node* find_path(const Node& root, std::string_view path) {
  const Node* node = &root;
  for (const std::string& part : split_path(path)) {
    node = node->find(part);
    if (!node) return nullptr;
  }
  return node;
}

Place place_of(const Node& root, std::string_view path) {
  Place place = root.place;
  const Node* node = &root;
  for (const std::string& part : split_path(path)) {
    const int i = node->index_of(part);
    if (i < 0) break;
    place = node->keys[i].place;
    node = &node->items[i];
  }
  return place;
}

std::string join_path(std::string_view parent, std::string_view name) {
  return parent.empty() ? std::string(name) : fmt::format("{}.{}", parent, name);
}

}  // namespace sparcell::config
