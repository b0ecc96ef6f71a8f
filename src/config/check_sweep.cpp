// Sweeps that make no sense, refused before any run begins.
#include <algorithm>
#include <cmath>
#include <set>

#include "config/check.h"
#include "config/combinations.h"
#include "config/plan.h"
#include "core/nearest.h"

namespace sparcell {
namespace {

using config::Node;
using config::Place;
using config::Problems;

/// The paths that runs set, with the places where they are first named.
std::vector<Node::Key> swept_paths(const SweepOptions& sweep) {
  std::vector<Node::Key> paths;
  const auto add = [&](const Node::Key& key) {
    const bool known =
        std::any_of(paths.begin(), paths.end(), [&](const Node::Key& k) { return k.text == key.text; });
    if (!known) paths.push_back(key);
  };
  for (const SweepParameter& parameter : sweep.parameters) add(parameter.path);
  for (const Combination& run : sweep.runs) {
    for (const auto& [key, _] : run) add(key);
  }
  return paths;
}

/// Whether `path` is a section that has the option `inner`, however deep.
bool holds(const std::string& path, const std::string& inner) {
  const std::vector<std::string> outer = config::split_path(path), parts = config::split_path(inner);
  return outer.size() < parts.size() && std::equal(outer.begin(), outer.end(), parts.begin());
}

/// The paths that a run with the written-out values sets.
std::vector<Node::Key> paths_of_run(const SweepOptions& sweep, const Combination& written) {
  std::vector<Node::Key> paths;
  for (const auto& [path, _] : written) paths.push_back(path);
  for (const SweepParameter& parameter : sweep.parameters) {
    if (!config::value_in(written, parameter.path.text)) paths.push_back(parameter.path);
  }
  const std::vector<Node::Key> tied_to = paths;
  for (const auto& [path, parameter] : sweep.tie) {
    const auto is_set = [&](const Node::Key& key) { return key.text == parameter.text; };
    if (std::any_of(tied_to.begin(), tied_to.end(), is_set)) paths.push_back(path);
  }
  return paths;
}

/// Of a section and an option in it the later would undo the other, and the run be listed with both.
void check_sections(const SweepOptions& sweep, Problems& problems) {
  std::set<std::pair<std::string, std::string>> known;
  for (const Combination& written : sweep.runs.empty() ? std::vector<Combination>(1) : sweep.runs) {
    const std::vector<Node::Key> paths = paths_of_run(sweep, written);
    for (const Node::Key& path : paths) {
      for (const Node::Key& inner : paths) {
        if (!holds(path.text, inner.text) || !known.emplace(path.text, inner.text).second) continue;
        problems.add(path.place, "sweep",
                     fmt::format("sweep: a run would set {} and, within it, {}; set each option once",
                                 path.text, inner.text));
      }
    }
  }
}

/// A path of `tie` or `exclude` that the sweep does not change.
void check_swept(const Node::Key& path, const std::vector<Node::Key>& swept, const char* where,
                 Problems& problems) {
  std::vector<std::string> known;
  for (const Node::Key& key : swept) known.push_back(key.text);
  if (std::find(known.begin(), known.end(), path.text) != known.end()) return;
  problems.add(path.place, where,
               fmt::format("{}: {} is no parameter of this sweep{}", where, path.text,
                           did_you_mean(path.text, known)));
}

void check_range(const SweepParameter& parameter, const SweepOptions& sweep, Problems& problems) {
  const std::string path = "sweep.parameters." + parameter.path.text;
  const ValueRange& range = *parameter.range;
  const auto refuse_if = [&](bool senseless, const std::string& sentence) {
    if (senseless) problems.add(parameter.path.place, path, sentence);
  };
  const bool whole = range.distribution != Distribution::integer ||
                     (std::floor(range.min) == range.min && std::floor(range.max) == range.max);
  refuse_if(!config::draws(sweep),
            fmt::format("{} is a range, which method {} does not draw from; list values, or {}", path,
                        name_of(sweep.method),
                        sweep.method == SweepMethod::grid ? "use method random" : "set sweep.samples"));
  refuse_if(range.min >= range.max,
            fmt::format("{} is an empty range: min {} is not below max {}", path, range.min, range.max));
  refuse_if(range.distribution == Distribution::log_uniform && range.min <= 0,
            fmt::format("{}: a log_uniform range needs a min above 0, not {}", path, range.min));
  refuse_if(!whole, fmt::format("{}: an int range goes from an integer to an integer", path));
}

}  // namespace

void config::check_jobs(const SlurmOptions& slurm, Checker& checker) {
  if (!checker.sound("slurm")) return;
  checker.refuse_if(slurm.signal_delay_s >= 60 * slurm.timeout_min, "slurm.signal_delay_s",
                    "slurm.signal_delay_s is {}, and slurm.timeout_min {}: every job would be told to save "
                    "itself as it starts; ask for more time, or for a shorter delay",
                    slurm.signal_delay_s, slurm.timeout_min);
}

void Plan::check_parameters(Problems& problems) const {
  const SweepOptions& sweep = options_.sweep;
  const Place& place = sweep_place_;
  if (sweep.parameters.empty() && sweep.runs.empty() && sweep.seeds.empty()) {
    problems.add(place, "sweep",
                 "sweep.parameters, sweep.runs and sweep.seeds are empty: there is nothing to sweep");
  }
  if (sweep.method == SweepMethod::random && sweep.samples == 0)
    problems.add(place, "sweep", "sweep.samples is 0: say how many runs method random draws");
  if (sweep.method == SweepMethod::grid && sweep.samples > 0)
    problems.add(place, "sweep", "sweep.samples belongs to the methods random and halving, not grid");
  for (const SweepParameter& parameter : sweep.parameters) {
    if (parameter.range) {
      check_range(parameter, sweep, problems);
      for (const double end : {parameter.range->min, parameter.range->max})
        check_value(parameter.path,
                    config::number_node(end, parameter.range->distribution, parameter.path.place), problems);
    }
    for (const Node& value : parameter.values) check_value(parameter.path, value, problems);
  }
  for (const Combination& run : sweep.runs) {
    for (const auto& [path, value] : run) check_value(path, value, problems);
  }
  std::vector<Node::Key> swept = swept_paths(sweep);
  for (const auto& [path, parameter] : sweep.tie) {
    check_swept({parameter.text, parameter.place}, swept, "sweep.tie", problems);
    if (std::any_of(swept.begin(), swept.end(), [&](const Node::Key& key) { return key.text == path.text; }))
      problems.add(path.place, "sweep.tie", fmt::format("sweep.tie: {} is a parameter itself", path.text));
  }
  for (const auto& [path, _] : sweep.tie) swept.push_back(path);
  for (const Combination& exclusion : sweep.exclude) {
    for (const auto& [path, _] : exclusion) check_swept(path, swept, "sweep.exclude", problems);
  }
  check_sections(sweep, problems);
  const auto seed =
      std::find_if(swept.begin(), swept.end(), [](const Node::Key& key) { return key.text == "seed"; });
  if (seed != swept.end() && !sweep.seeds.empty())
    problems.add(seed->place, "sweep", "seed is swept as a parameter and by sweep.seeds; use one of them");
}

}  // namespace sparcell
