// Visitor that fills options from a tree.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "config/plan_options.h"
#include "config/values.h"
#include "sparcell/experiment.h"

namespace sparcell::config {

/// Reads one section. Options whose key is absent keep their value; keys that no option has are problems
/// (`finish`).
class Reader {
 public:
  Reader(const Node& section, std::string path, Problems& problems)
      : section_(section), path_(std::move(path)), problems_(problems) {}

  template <class T>
  void field(std::string_view name, T& value, std::string_view sentence) {
    field(name, value, any_number, sentence);
  }
  template <class T>
  void field(std::string_view name, T& value, const Bounds& bounds, std::string_view) {
    if (const Node* node = take(name))
      ValueReader(join_path(path_, name), problems_).read(*node, value, bounds);
  }
  template <class Section>
  void section(std::string_view name, Section& options, std::string_view) {
    if (const Node* node = take(name)) {
      Reader inner(*node, join_path(path_, name), problems_);
      describe(inner, options);
      inner.finish();
    }
  }
  void map(std::string_view name, std::vector<std::pair<std::string, std::vector<std::string>>>& values,
           std::string_view sentence);
  void word(std::string_view name, WordOrNumber& value, std::initializer_list<std::string_view> words,
            const Bounds& bounds, std::string_view sentence);
  void shorthand(std::string_view word, bool& flag, bool value, std::string_view sentence);
  void models(std::string_view name, ModelSet& models, const TrainOptions& train, std::string_view sentence);
  void parameters(std::string_view name, std::vector<SweepParameter>& parameters, std::string_view sentence);
  void combination(std::string_view name, Combination& combination, std::string_view sentence);
  void combinations(std::string_view name, std::vector<Combination>& combinations, std::string_view sentence);
  void arms(std::string_view name, std::vector<AblationArm>& arms, std::string_view sentence);

  /// Reports keys that were not asked for, and a section that is none.
  void finish();

 private:
  const Node* take(std::string_view name);
  /// `meant` ends the sentence on a model without a type.
  void read_model(const Node& node, ModelOptions& model, const std::string& meant);
  void report_unknown(const Node::Key& key);
  SweepParameter read_parameter(const Node::Key& key, const Node& node);

  const Node& section_;
  std::string path_;
  Problems& problems_;
  std::vector<std::string> names_;  ///< of the options described so far
  std::vector<std::string> words_;  ///< that may stand for the whole section
  bool is_word_ = false;
};

/// Reads a whole file. The train options of each model are the experiment's with the model's own over them.
void read_experiment(const Node& root, Experiment& experiment, PlanOptions& plan, Problems& problems);

}  // namespace sparcell::config
