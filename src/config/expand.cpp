// A sweep's sections become its runs.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "config/plan.h"
#include "config/values.h"
#include "core/nearest.h"
#include "math/philox.h"
#include "sparcell/core/sha256.h"

namespace sparcell {
namespace {

using config::Node;
using config::Place;
using config::Problems;

constexpr int drawn_digits = 4;  // a drawn value is readable, and the last bits of a logarithm do not count

Node number_node(double value, Distribution distribution, const Place& place) {
  const std::string text = distribution == Distribution::integer
                               ? fmt::format("{}", static_cast<std::int64_t>(value))
                               : config::number_text(value);
  return {Node::Kind::scalar, text, false, place, {}, {}};
}

/// Where a path's draws stand in the streams of a sweep: parameters that come or go do not move the others.
std::int64_t step_of(const std::string& path) {
  Sha256 sha;
  sha.update(path);
  return static_cast<std::int64_t>(std::stoull(sha.hex().substr(0, 15), nullptr, 16));
}

double drawn_number(const ValueRange& range, double uniform) {
  if (range.distribution == Distribution::integer)
    return range.min + std::floor(uniform * (range.max - range.min + 1));
  const bool logarithmic = range.distribution == Distribution::log_uniform;
  const double value = logarithmic ? std::exp(std::log(range.min) + uniform * std::log(range.max / range.min))
                                   : range.min + uniform * (range.max - range.min);
  const double rounded = std::strtod(fmt::format("{:.{}g}", value, drawn_digits).c_str(), nullptr);
  return std::clamp(rounded, range.min, range.max);
}

Node draw(const SweepParameter& parameter, std::int64_t seed, std::int64_t sample) {
  const math::PhiloxStream stream(RandomStream(static_cast<std::uint64_t>(seed), Purpose::sweep, 0, nullptr,
                                               step_of(parameter.path.text)));
  const double uniform = (stream.word(static_cast<std::uint64_t>(sample)) + 0.5) * 0x1p-32;
  if (!parameter.range) {
    const auto count = static_cast<double>(parameter.values.size());
    return parameter.values[static_cast<std::size_t>(uniform * count)];
  }
  return number_node(drawn_number(*parameter.range, uniform), parameter.range->distribution,
                     parameter.path.place);
}

bool draws(const SweepOptions& sweep) {
  return sweep.method == SweepMethod::random || (sweep.method == SweepMethod::halving && sweep.samples > 0);
}

/// Combinations of the parameters alone.
std::vector<Combination> combinations_of(const SweepOptions& sweep) {
  std::vector<Combination> all;
  if (draws(sweep)) {
    for (std::int64_t sample = 0; sample < sweep.samples; ++sample) {
      Combination& drawn = all.emplace_back();
      for (const SweepParameter& parameter : sweep.parameters)
        drawn.emplace_back(parameter.path, draw(parameter, sweep.draw_seed, sample));
    }
    return all;
  }
  all.emplace_back();
  for (const SweepParameter& parameter : sweep.parameters) {
    std::vector<Combination> longer;
    for (const Combination& before : all) {
      for (const Node& value : parameter.values) {
        longer.push_back(before);
        longer.back().emplace_back(parameter.path, value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

const Node* value_in(const Combination& combination, const std::string& path) {
  for (const auto& [key, value] : combination) {
    if (key.text == path) return &value;
  }
  return nullptr;
}

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
    if (!value_in(written, parameter.path.text)) paths.push_back(parameter.path);
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
  refuse_if(!draws(sweep),
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
        check_value(parameter.path, number_node(end, parameter.range->distribution, parameter.path.place),
                    problems);
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

std::vector<PlannedRun> Plan::sweep_runs() const {
  const SweepOptions& sweep = options_.sweep;
  Problems problems;
  check_parameters(problems);
  problems.throw_any();
  const std::vector<Combination> grid = combinations_of(sweep);
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
