// A sweep's sections become its runs.
#include <algorithm>
#include <cstdlib>

#include "config/combinations.h"
#include "config/plan.h"

namespace sparcell {
namespace {

using config::Node;
using config::Place;
using config::Problems;
using config::value_in;

/// Values are compared as the numbers that they spell, so that 0.1 is 1e-1, or else as text.
bool same_value(const Node& a, const Node& b) {
  if (!a.is_scalar() || !b.is_scalar() || a.quoted || b.quoted) return flow_text(a) == flow_text(b);
  char *end_of_a = nullptr, *end_of_b = nullptr;
  const double x = std::strtod(a.text.c_str(), &end_of_a), y = std::strtod(b.text.c_str(), &end_of_b);
  const bool numbers = !a.text.empty() && !b.text.empty() && *end_of_a == '\0' && *end_of_b == '\0';
  return numbers ? x == y : a.text == b.text;
}

bool excluded(const Combination& run, const Combination& exclusion) {
  return std::all_of(exclusion.begin(), exclusion.end(), [&](const auto& entry) {
    const Node* value = value_in(run, entry.first.text);
    const std::vector<Node> refused = entry.second.is_list() ? entry.second.items : std::vector{entry.second};
    return value && std::any_of(refused.begin(), refused.end(),
                                [&](const Node& one) { return same_value(*value, one); });
  });
}

PlannedRun run_of(const Combination& combination, std::int64_t configuration) {
  PlannedRun run;
  run.configuration = configuration;
  for (const auto& [path, value] : combination) {
    run.parameters.emplace_back(path.text, flow_text(value));
    run.changes.push_back({path.place, path.text, value});
  }
  return run;
}

void add_with_seeds(const PlannedRun& run, const std::vector<std::int64_t>& seeds, std::int64_t own_seed,
                    std::vector<PlannedRun>& runs) {
  if (seeds.empty()) {
    runs.push_back(run);
    runs.back().seed = own_seed;
  }
  for (const std::int64_t seed : seeds) {
    PlannedRun& seeded = runs.emplace_back(run);
    const Place place{"sweep.seeds", 0, 0};
    seeded.seed = seed;
    seeded.changes.push_back(
        {place, "seed", Node{Node::Kind::scalar, std::to_string(seed), false, place, {}, {}}});
  }
}

}  // namespace

std::vector<PlannedRun> Plan::sweep_runs() const {
  const SweepOptions& sweep = options_.sweep;
  Problems problems;
  check_parameters(problems);
  problems.throw_any();
  const std::vector<Combination> grid = config::combinations_of(sweep);
  std::vector<PlannedRun> runs;
  std::int64_t configuration = 0;
  for (const Combination& written : sweep.runs.empty() ? std::vector<Combination>(1) : sweep.runs) {
    for (const Combination& parameters : grid) {
      Combination combination = written;
      for (const auto& entry : parameters) {
        if (!value_in(written, entry.first.text)) combination.push_back(entry);
      }
      for (const auto& [path, parameter] : sweep.tie) {
        if (const Node* value = value_in(combination, parameter.text))
          combination.emplace_back(path, Node(*value));
      }
      const auto leaves_out = [&](const Combination& exclusion) { return excluded(combination, exclusion); };
      if (std::any_of(sweep.exclude.begin(), sweep.exclude.end(), leaves_out)) continue;
      add_with_seeds(run_of(combination, configuration++), sweep.seeds, reference_.seed, runs);
    }
  }
  if (runs.empty()) throw UsageError("sweep.exclude leaves no run");
  return runs;
}

std::vector<std::string> Plan::pointless_exclusions() const {
  std::vector<std::string> sentences;
  if (options_.sweep.exclude.empty()) return sentences;
  Plan whole = *this;
  whole.options_.sweep.exclude.clear();
  const std::vector<PlannedRun> runs = whole.sweep_runs();
  for (const Combination& exclusion : options_.sweep.exclude) {
    const bool leaves_out = std::any_of(runs.begin(), runs.end(), [&](const PlannedRun& run) {
      Combination combination;
      for (const config::Change& change : run.changes)
        combination.push_back({{change.path, change.place}, *change.value});
      return excluded(combination, exclusion);
    });
    std::vector<std::string> values;
    for (const auto& [path, value] : exclusion) values.push_back(path.text + ": " + flow_text(value));
    if (!leaves_out)
      sentences.push_back(
          fmt::format("sweep.exclude: no run has {}, so nothing is left out by it", fmt::join(values, ", ")));
  }
  return sentences;
}

std::vector<std::string> Plan::pointless_overrides(const std::vector<PlannedRun>& runs) const {
  std::vector<std::string> sentences;
  for (const std::string& text : overrides_) {
    const std::string path = text.starts_with('~') ? text.substr(1) : text.substr(0, text.find('='));
    const bool always_set = std::all_of(runs.begin(), runs.end(), [&](const PlannedRun& run) {
      return std::any_of(run.changes.begin(), run.changes.end(),
                         [&](const config::Change& change) { return change.path == path; });
    });
    if (always_set)
      sentences.push_back(
          fmt::format("override '{}' has no effect: the section sweep sets {} in every run", text, path));
  }
  return sentences;
}

std::vector<PlannedRun> Plan::ablation_runs() const {
  if (options_.ablation.empty()) {
    throw UsageError(
        "the experiment has no ablation: name lists of overrides there, as in\n"
        "ablation: {{no_penalty: [model.gan.gradient_penalty.weight=0]}}");
  }
  std::vector<PlannedRun> runs;
  PlannedRun run;
  run.arm = reference_arm;
  add_with_seeds(run, options_.sweep.seeds, reference_.seed, runs);
  for (const AblationArm& arm : options_.ablation) {
    run.arm = arm.name;
    run.configuration += 1;
    run.changes = arm.changes;
    add_with_seeds(run, options_.sweep.seeds, reference_.seed, runs);
  }
  return runs;
}

}  // namespace sparcell
