// Visitor that turns options into a tree of values, in the order of their description.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sparcell/experiment.h"

namespace sparcell::config {

using Json = nlohmann::ordered_json;

template <class T>
Json value_json(const T& value) {
  return value;
}
template <NamedEnum Enum>
Json value_json(const Enum& value) {
  return name_of(value);
}
template <class T>
Json value_json(const std::optional<T>& value) {
  return value ? value_json(*value) : Json();
}
inline Json value_json(const WordOrNumber& value) {
  return value.is_number() ? Json(value.number) : Json(value.word);
}

/// How a model's train options are written.
enum class OwnTrain {
  difference,  ///< what differs from the experiment's train: a later override of train.epochs then moves
               ///< every model
  complete
};

class Writer {
 public:
  explicit Writer(OwnTrain own_train = OwnTrain::difference) : own_train_(own_train) {}

  template <class T>
  void field(std::string_view name, const T& value, std::string_view) {
    put(name, value_json(value));
  }
  template <class T>
  void field(std::string_view name, const T& value, const Bounds&, std::string_view) {
    put(name, value_json(value));
  }
  template <class Section>
  void section(std::string_view name, Section& options, std::string_view) {
    Writer inner(own_train_);
    describe(inner, options);
    put(name, std::move(inner).result());
  }
  void map(std::string_view name, const std::vector<std::pair<std::string, std::vector<std::string>>>& values,
           std::string_view);
  void word(std::string_view name, const WordOrNumber& value, std::initializer_list<std::string_view>,
            const Bounds&, std::string_view) {
    put(name, value_json(value));
  }
  void shorthand(std::string_view word, bool flag, bool value, std::string_view) {
    if (flag == value) word_ = word;
  }
  void models(std::string_view name, ModelSet& models, TrainOptions& train, std::string_view);

  /// Once: what was written moves out, for trees are deep and sweeps write thousands.
  Json result() && { return word_.empty() ? std::move(values_) : Json(word_); }

 private:
  void put(std::string_view name, Json value) { values_[std::string(name)] = std::move(value); }

  OwnTrain own_train_;
  Json values_ = Json::object();
  std::string word_;  ///< stands for the whole section
};

/// Options as a tree, through their description.
template <class Options>
Json tree_of(Options options) {
  Writer writer;
  describe(writer, options);
  return std::move(writer).result();
}

}  // namespace sparcell::config
