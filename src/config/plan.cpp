#include "config/plan.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "config/load.h"
#include "config/reader.h"
#include "config/writer.h"
#include "config/yaml_text.h"
#include "core/nearest.h"

namespace sparcell {
namespace {

using config::Change;
using config::Node;
using config::Problems;

constexpr std::string_view of_many_runs[] = {"sweep", "ablation", "slurm"};

/// What changes nothing that a run computes, so that every value would be the same run.
bool names_nothing_computed(const std::string& section) {
  return section == "name" || section == "tags" || section == "report" || section == "defaults" ||
         std::find(std::begin(of_many_runs), std::end(of_many_runs), section) != std::end(of_many_runs);
}

}  // namespace

std::string flow_text(const Node& node) {
  std::string text;
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      return node.quoted ? config::flow_text(config::Json(node.text)) : node.text;
    case Node::Kind::list:
      for (const Node& item : node.items) text += (text.empty() ? "" : ", ") + flow_text(item);
      return "[" + text + "]";
    case Node::Kind::map:
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        text +=
            fmt::format("{}{}: {}", text.empty() ? "" : ", ", node.keys[i].text, flow_text(node.items[i]));
      }
      return "{" + text + "}";
  }
  return text;
}

std::string values_text(const PlannedRun& run) {
  std::vector<std::string> values;
  if (!run.arm.empty()) values.push_back("arm " + run.arm);
  for (const auto& [path, value] : run.parameters) values.push_back(fmt::format("{}={}", path, value));
  return fmt::format("{}", fmt::join(values, ", "));
}

Plan::Plan(const std::filesystem::path& file, const std::vector<std::string>& overrides,
           const LoadOptions& options)
    : load_options_{.needs_path = options.needs_path},  // warnings are of the reference alone
      overrides_(overrides) {
  Problems problems;
  root_ = config::compose_experiment(file, overrides, problems);
  reference_ = config::resolve_experiment(root_, options_, options, problems);
  problems.throw_any();
  sweep_place_ = config::place_of(root_, "sweep");
  for (const std::string_view section : of_many_runs) root_.erase(section);
}

Experiment Plan::experiment(const PlannedRun& run) const {
  Problems problems;
  Node root = root_;
  for (const Change& change : run.changes) config::apply(root, change, problems);
  config::name_single_model(root);
  PlanOptions none;
  Experiment experiment = config::resolve_experiment(std::move(root), none, load_options_, problems);
  try {
    problems.throw_any();
  } catch (const UsageError& error) {
    throw UsageError("{}\nThis is the run with {}.", error.what(), values_text(run));
  }
  return experiment;
}

/// Reads the experiment with this one value changed; what only a combination shows is left for later.
void Plan::check_value(const Node::Key& path, const Node& value, Problems& problems) const {
  const std::vector<std::string> parts = config::split_path(path.text);
  if (names_nothing_computed(parts[0])) {
    problems.add(path.place, path.text,
                 fmt::format("{} changes nothing that is computed: all runs would be the same", path.text));
    return;
  }
  const Node* models = root_.find("model");
  if (parts[0] == "model" && parts.size() > 1 && models && !models->find(parts[1])) {
    std::vector<std::string> known;
    for (const auto& [name, _] : reference_.model) known.push_back(name);
    const std::string meant = nearest(parts[1], known);
    problems.add(
        path.place, path.text,
        fmt::format("{}: there is no model '{}'{}; there are {}", path.text, parts[1],
                    meant.empty() ? "" : fmt::format(", did you mean '{}'", meant), fmt::join(known, ", ")));
    return;
  }
  Node root = root_;
  config::apply(root, {path.place, path.text, value}, problems);
  config::name_single_model(root);
  config::interpolate(root, problems);
  Experiment experiment;
  PlanOptions none;
  config::read_experiment(root, experiment, none, problems);
}

}  // namespace sparcell
