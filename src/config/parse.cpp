#include "config/parse.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <map>
#include <optional>
#include <sstream>

#include "config/utf8.h"

namespace sparcell::config {
namespace {

// More than any experiment needs; aliases of aliases can multiply without end.
constexpr std::size_t max_nodes = 100'000;

std::size_t size_of(const Node& node) {
  std::size_t size = 1;
  for (const Node& item : node.items) size += size_of(item);
  return size;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Place& origin, Problems& problems) : origin_(origin), problems_(problems) {}

  std::optional<Node> root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root) throw YAML::ParserException(mark, "a second document starts here; one was expected");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    complete({Node::Kind::null, "", false, place(mark), {}, {}}, anchor, mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw YAML::ParserException(mark, "an alias stands inside what it names");
    nodes_ += size_of(found->second);
    if (nodes_ > max_nodes) {
      throw YAML::ParserException(mark, fmt::format("aliases make more than {} values", max_nodes));
    }
    complete(found->second, YAML::NullAnchor, mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    static constexpr std::array plain{"?", "", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float",
                                      "tag:yaml.org,2002:bool"};
    const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!quoted && std::find(plain.begin(), plain.end(), tag) == plain.end()) refuse_tag(mark, tag);
    complete({Node::Kind::scalar, value, quoted, place(mark), {}, {}}, anchor, mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:seq") refuse_tag(mark, tag);
    open(Node::Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:map") refuse_tag(mark, tag);
    open(Node::Kind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    std::optional<Node> key;  ///< of a map: the key whose value comes next
    std::vector<Node> merged;
  };

  Place place(const YAML::Mark& mark) const {
    return origin_.line == 0 ? origin_ : Place{origin_.source, mark.line + 1, mark.column + 1};
  }

  [[noreturn]] static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    throw YAML::ParserException(mark, fmt::format("the tag '{}' has no meaning here", tag));
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    open_.push_back({{kind, "", false, place(mark), {}, {}}, anchor, mark, {}, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    for (const Node& source : done.merged) {
      for (std::size_t i = 0; i < source.keys.size(); ++i) {
        if (!done.node.find(source.keys[i].text)) done.node.set(source.keys[i], source.items[i]);
      }
    }
    complete(std::move(done.node), done.anchor, done.mark);
  }

  void complete(Node node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    ++nodes_;
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    if (open_.empty()) {
      root = std::move(node);
    } else if (open_.back().node.is_list()) {
      open_.back().node.items.push_back(std::move(node));
    } else if (!open_.back().key) {
      if (!node.is_scalar()) throw YAML::ParserException(mark, "a key must be a word");
      open_.back().key = std::move(node);
    } else {
      add_entry(open_.back(), std::move(node), mark);
    }
  }

  void add_entry(Open& map, Node value, const YAML::Mark& mark) {
    const Node key = std::move(*map.key);
    map.key.reset();
    if (key.text == "<<" && !key.quoted) {
      merge_later(map, std::move(value), mark);
    } else if (const int first = map.node.index_of(key.text); first >= 0) {
      problems_.add(key.place, "",
                    fmt::format("duplicate key '{}'; it stands at {} already", key.text,
                                map.node.keys[first].place.text()));
    } else {
      map.node.set({key.text, key.place}, std::move(value));
    }
  }

  static void merge_later(Open& map, Node value, const YAML::Mark& mark) {
    std::vector<Node> sources = value.is_list() ? std::move(value.items) : std::vector{std::move(value)};
    for (Node& source : sources) {
      if (!source.is_map()) throw YAML::ParserException(mark, "<< needs a mapping or a list of mappings");
      map.merged.push_back(std::move(source));
    }
  }

  Place origin_;
  Problems& problems_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t nodes_ = 0;
};

/// yaml-cpp 0.7 takes a quote that is never closed for closed by a line break at the end of the file.
std::string without_final_breaks(const std::string& text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

std::string hint_for(const std::string& text, const YAML::Mark& mark) {
  const auto at = static_cast<std::size_t>(mark.pos);
  const bool reference = mark.pos > 0 && at < text.size() && text.compare(at - 1, 2, "${") == 0;
  return reference ? "; within braces a reference needs quotes: \"${...}\"" : "";
}

}  // namespace

std::optional<Node> parse_yaml(const std::string& text, const Place& origin, Problems& problems) {
  if (!is_utf8(text)) {
    problems.add(origin, "", "not UTF-8 text");
    return std::nullopt;
  }
  std::istringstream stream(without_final_breaks(text));
  TreeBuilder builder(origin, problems);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.root.value_or(Node{Node::Kind::null, "", false, origin, {}, {}});
  } catch (const YAML::Exception& error) {
    const bool marked = origin.line != 0 && !error.mark.is_null();
    problems.add(marked ? Place{origin.source, error.mark.line + 1, error.mark.column + 1} : origin, "",
                 "not valid YAML: " + error.msg + hint_for(text, error.mark));
    return std::nullopt;
  }
}

}  // namespace sparcell::config
