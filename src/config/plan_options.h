// The sections for many runs: `sweep`, `ablation` and `slurm`. They are no part of an experiment: a run
// neither stores nor hashes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/compose.h"
#include "sparcell/core/describe.h"

namespace sparcell {

enum class SweepMethod { grid, random, halving };
template <>
struct Names<SweepMethod> {
  static constexpr std::string_view values[] = {"grid", "random", "halving"};
};

enum class Distribution { uniform, log_uniform, integer };
template <>
struct Names<Distribution> {
  static constexpr std::string_view values[] = {"uniform", "log_uniform", "int"};
};

enum class Goal { automatic, minimize, maximize };
template <>
struct Names<Goal> {
  static constexpr std::string_view values[] = {"auto", "minimize", "maximize"};
};

/// What a parameter is drawn from.
struct ValueRange {
  double min = 0;
  double max = 0;
  Distribution distribution = Distribution::uniform;
};

/// An option of the experiment that a sweep changes: to each of `values`, or to draws from `range`.
struct SweepParameter {
  config::Node::Key path;
  std::vector<config::Node> values;
  std::optional<ValueRange> range;
};

/// Values of several options, written out: of runs, or of what to leave out.
using Combination = std::vector<std::pair<config::Node::Key, config::Node>>;

struct SweepMetric {
  std::string name;
  Goal goal = Goal::automatic;
};

template <class Visitor>
void describe(Visitor& v, SweepMetric& o) {
  v.field(
      "name", o.name,
      "MODEL.loss.validation, MODEL.validation.mse, MODEL.test.mse...; empty: the validation loss of "
      "the first model that the runs change, a GAN's validation.energy_distance.");
  v.field("goal", o.goal, "auto takes what is better for the metric.");
}

struct HalvingOptions {
  std::int64_t min_epochs = 5;
  std::int64_t factor = 3;
};

template <class Visitor>
void describe(Visitor& v, HalvingOptions& o) {
  v.field("min_epochs", o.min_epochs, at_least(1), "Epochs of every run before the first are left behind.");
  v.field("factor", o.factor, at_least(2),
          "The best 1/factor of the configurations go on, for factor times the epochs.");
}

struct SweepOptions {
  SweepMethod method = SweepMethod::grid;
  SweepMetric metric;
  std::vector<SweepParameter> parameters;
  std::vector<Combination> runs;
  Combination tie;
  std::vector<Combination> exclude;
  std::vector<std::int64_t> seeds;
  std::int64_t samples = 0;
  std::int64_t draw_seed = 0;
  std::int64_t run_cap = 0;
  HalvingOptions halving;
};

template <class Visitor>
void describe(Visitor& v, SweepOptions& o) {
  v.field("method", o.method,
          "grid: every combination; random: samples draws; halving: of either, the worse stop early.");
  v.section("metric", o.metric, "What runs are compared by.");
  v.parameters("parameters", o.parameters,
               "Options to change, by path: {values: [...]} or {min, max, distribution}.");
  v.combinations("runs", o.runs,
                 "Combinations written out, each a map of paths to values; crossed with parameters.");
  v.combination("tie", o.tie, "Options that take the value of a parameter: a map of paths to parameters.");
  v.combinations("exclude", o.exclude,
                 "Combinations to leave out: maps of paths to a value or a list of values.");
  v.field("seeds", o.seeds, at_least(0),
          "Every combination, and every arm of an ablation, runs with each as seed.");
  v.field("samples", o.samples, at_least(0), "Draws of method random, and of halving where it draws.");
  v.field("draw_seed", o.draw_seed, at_least(0), "Seed of the draws; equal seeds give equal runs.");
  v.field("run_cap", o.run_cap, at_least(0),
          "Most runs to make; those after it are left out. 0 is no limit.");
  v.section("halving", o.halving, "When runs of method halving stop.");
}

/// What an ablation's own experiment is called among its arms.
inline constexpr const char* reference_arm = "reference";

/// A named list of overrides against the experiment.
struct AblationArm {
  std::string name;
  std::vector<config::Change> changes;
};

struct SlurmOptions {
  std::string partition, account, qos, constraint;
  std::int64_t gpus_per_node = 1;
  std::int64_t cpus_per_task = 8;
  std::int64_t mem_gb = 32;
  std::int64_t timeout_min = 120;
  std::int64_t signal_delay_s = 120;
  std::int64_t array_parallelism = 16;
  std::int64_t max_num_timeout = 3;
  std::int64_t runs_per_task = 1;
  std::vector<std::string> setup;
  std::vector<std::pair<std::string, std::vector<std::string>>> extra;
};

template <class Visitor>
void describe(Visitor& v, SlurmOptions& o) {
  v.field("partition", o.partition, "Partition; empty: the cluster's default.");
  v.field("account", o.account, "Account to charge; empty: the user's default.");
  v.field("qos", o.qos, "Quality of service; empty: the default.");
  v.field("constraint", o.constraint, "Features that nodes must have.");
  v.field("gpus_per_node", o.gpus_per_node, at_least(0), "GPUs of a job; 0 asks for none.");
  v.field("cpus_per_task", o.cpus_per_task, at_least(1), "CPU cores of a job.");
  v.field("mem_gb", o.mem_gb, at_least(0), "Memory of a job in GiB; 0 leaves it to the cluster.");
  v.field("timeout_min", o.timeout_min, at_least(1), "Time limit of a job in minutes.");
  v.field("signal_delay_s", o.signal_delay_s, at_least(1),
          "Seconds before the limit at which a run saves itself.");
  v.field("array_parallelism", o.array_parallelism, at_least(1), "Jobs of an array that run at once.");
  v.field("max_num_timeout", o.max_num_timeout, at_least(0),
          "Times that a job which ran out of time is queued again.");
  v.field("runs_per_task", o.runs_per_task, at_least(1), "Runs that share one job, side by side.");
  v.field("setup", o.setup, "Shell lines before the program, as module load cuda/13.0.");
  v.map("extra", o.extra, "More options of sbatch by name, as {exclude: node7}.");
}

/// What a file says about many runs.
struct PlanOptions {
  SweepOptions sweep;
  std::vector<AblationArm> ablation;
  SlurmOptions slurm;
};

template <class Visitor>
void describe(Visitor& v, PlanOptions& o) {
  v.section("sweep", o.sweep, "Many runs of one file (sparcell sweep).");
  v.arms("ablation", o.ablation,
         "Named lists of overrides, each compared with the experiment as it stands (sparcell ablate).");
  v.section("slurm", o.slurm, "Jobs of sweeps on a cluster (--launcher slurm).");
}

}  // namespace sparcell
