#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "config/compose.h"
#include "config/utf8.h"
#include "core/nearest.h"

namespace sparcell::config {
namespace {

constexpr std::size_t longest_text = 1 << 16;  // references to references can double without end

class Interpolation {
 public:
  Interpolation(const Node& root, Problems& problems) : written_(root), problems_(problems) {}

  void resolve_all(Node& node, const std::string& path) {
    if (node.is_scalar()) resolve(node, path);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      resolve_all(node.items[i], node.is_map() ? join_path(path, node.keys[i].text) : path);
    }
  }

 private:
  /// Replaces the references of one string, each by what it names, resolved in turn.
  void resolve(Node& scalar, const std::string& path) {
    const std::string text = std::exchange(scalar.text, "");
    for (std::size_t i = 0; i < text.size();) {
      if (scalar.text.size() > longest_text) {
        problems_.add(scalar.place, path,
                      fmt::format("references make a text of more than {} bytes", longest_text));
        return;
      }
      if (text.compare(i, 3, "$${") == 0) {
        scalar.text += "${";
        i += 3;
      } else if (text.compare(i, 2, "${") == 0) {
        const std::size_t end = text.find('}', i);
        if (end == std::string::npos) {
          problems_.add(scalar.place, path, fmt::format("'{}' lacks the closing brace of a reference", text));
          return;
        }
        const bool whole = i == 0 && end + 1 == text.size();
        append(scalar, text.substr(i + 2, end - i - 2), path, whole);
        i = end + 1;
      } else {
        scalar.text += text[i++];
      }
    }
  }

  void append(Node& scalar, const std::string& reference, const std::string& path, bool whole) {
    if (reference.starts_with("env:")) {
      const std::string name = reference.substr(4);
      const char* value = std::getenv(name.c_str());
      if (!value || !is_utf8(value)) {
        problems_.add(
            scalar.place, path,
            fmt::format("the environment variable {} is {}", name, value ? "not UTF-8 text" : "not set"));
        return;
      }
      scalar.text += value;
      if (whole) scalar.quoted = false;
      return;
    }
    const Node* target = find_path(written_, reference);
    if (!target || !target->is_scalar()) {
      problems_.add(
          scalar.place, path,
          fmt::format("${{{}}} refers to {}", reference,
                      target ? "what is not a single value" : "a key that is not set" + meant(reference)));
      return;
    }
    if (std::find(open_.begin(), open_.end(), reference) != open_.end()) {
      problems_.add(scalar.place, path, fmt::format("${{{}}} refers to itself in a circle", reference));
      return;
    }
    Node copy = *target;
    open_.push_back(reference);
    resolve(copy, reference);
    open_.pop_back();
    scalar.text += copy.text;
    if (whole) scalar.quoted = copy.quoted;
  }

  /// The key beside the one that is not set.
  std::string meant(const std::string& reference) const {
    const std::size_t dot = reference.rfind('.');
    const std::string section = dot == std::string::npos ? "" : reference.substr(0, dot);
    const Node* place = section.empty() ? &written_ : find_path(written_, section);
    std::vector<std::string> known;
    for (std::size_t i = 0; place != nullptr && place->is_map() && i < place->keys.size(); ++i)
      known.push_back(join_path(section, place->keys[i].text));
    return did_you_mean(reference, known);
  }

  const Node written_;  ///< before any was replaced: a resolved string may hold a literal "${"
  Problems& problems_;
  std::vector<std::string> open_;
};

}  // namespace

void interpolate(Node& root, Problems& problems) { Interpolation(root, problems).resolve_all(root, ""); }

}  // namespace sparcell::config
