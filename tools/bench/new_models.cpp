// Microseconds of training steps of the new models beside the course's of the same widths (new_models.h): in
// one process, on the same cells, a block of steps of the one and of the other in turns, so that what else
// the machine does meets both. The ratio is the median over turns. Prints a table in Markdown.
//   bench_new_models [NAME ...] [--turns N] [--threads N] [--density SHARE] [--phases]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <numeric>
#include <random>

#include "new_models.h"

namespace {

using namespace sparcell;
using namespace sparcell::bench;

constexpr std::int64_t cells_in_all = 4096, genes = 1000;
constexpr double block_microseconds = 60'000;
constexpr int shortest_block = 3;

struct Options {
  std::vector<std::string> names;
  int turns = 15, threads = 0;
  double density = 0.1;
  bool phases = false, processor_time = false;
};

double microseconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
}

/// A model that takes steps.
class Stepper {
 public:
  Stepper(Context& context, const ModelOptions& options, const CountCells& cells, const TrainingStart& start,
          clockid_t clock)
      : context_(context),
        clock_(clock),
        options_(options),
        data_(data_for<float>(context, options_, cells)),
        model_(make_model<float>(context, options_, data_, 1)),
        rows_(context, order_of(cells.x.rows)),
        state_(context, 1) {
    model_->initialize();
    model_->begin_from(start);
    plan_.total_steps = 1'000'000;
    plan_.learning_rate = options.train.optimizer.learning_rate;
    plan_.generator_learning_rate = options.train.generator.learning_rate;
    plan_.critic_learning_rate = options.train.critic.learning_rate;
    plan_.kl_weight = options.kl.weight;
    state_.data()->base_learning_rate = plan_.learning_rate;
  }

  double step() {
    if ((state_.data()->batch + 1) * options_.train.batch > cells_in_all) state_.data()->batch = 0;
    const double begin = microseconds_of(clock_);
    take_step<float>(context_, plan_, *model_,
                     {rows_.data(), &state_.data()->batch, options_.train.batch, options_.train.batch},
                     state_.data());
    model_->phases().leave();
    ++steps_;
    return microseconds_of(clock_) - begin;
  }

  /// The median step of a block of them, whose length the first calls decide.
  double block() {
    step();  // brings its weights back into the caches
    std::vector<double> times;
    for (int i = 0; i < length_; ++i) times.push_back(step());
    std::nth_element(times.begin(), times.begin() + length_ / 2, times.end());
    const double median = times[length_ / 2];
    length_ = std::max(shortest_block, static_cast<int>(block_microseconds / median));
    return median;
  }

  /// Of a step, by phase.
  std::string phases() const {
    std::string text;
    for (std::size_t p = 0; p < phase_names.size(); ++p) {
      const double part = 1e6 * model_->phases().seconds()[p] / static_cast<double>(steps_);
      if (part > 0) text += fmt::format(" {} {:.0f}", phase_names[p], part);
    }
    return text;
  }

 private:
  static std::vector<std::int32_t> order_of(std::int64_t cells) {
    std::vector<std::int32_t> order(static_cast<std::size_t>(cells));
    std::iota(order.begin(), order.end(), 0);
    return order;
  }

  Context& context_;
  const clockid_t clock_;
  const ModelOptions options_;
  DeviceData<float> data_;
  std::unique_ptr<Trainable<float>> model_;
  Buffer<std::int32_t> rows_;
  Buffer<StepState<float>> state_;
  StepPlan plan_;
  int length_ = shortest_block;
  std::int64_t steps_ = 0;
};

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(Context& context, const ModelPair& pair, const CountCells& cells, const TrainingStart& start,
             const Options& o) {
  const clockid_t clock = o.processor_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  Stepper model(context, pair.model, cells, start, clock), course(context, pair.course, cells, start, clock);
  model.block(), course.block();
  std::vector<double> ours, theirs, ratios;
  for (int turn = 0; turn < o.turns; ++turn) {
    theirs.push_back(course.block());
    ours.push_back(model.block());
    ratios.push_back(ours.back() / theirs.back());
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  const double ratio = median_of(ratios), fastest = *std::min_element(ours.begin(), ours.end()) /
                                                    *std::min_element(theirs.begin(), theirs.end());
  fmt::print("| {} | {} | {:.0f} | {:.0f} | {:.2f} ({:.2f} to {:.2f}) | {:.2f} | {} |\n", pair.title,
             pair.widths, median_of(theirs), median_of(ours), ratio, *low, *high, fastest,
             ratio <= pair_goal ? "met" : "missed");
  if (o.phases) fmt::print("  course:{}\n  new:{}\n", course.phases(), model.phases());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Steps of the new models beside the course's of the same widths");
  Options o;
  app.add_option("names", o.names, "Of the pairs; default: all");
  app.add_option("--turns", o.turns, "Blocks of steps of each")->check(CLI::PositiveNumber);
  app.add_option("--threads", o.threads, "0: all that there are");
  app.add_option("--density", o.density, "Share of counts above zero")->check(CLI::Range(0.01, 1.0));
  app.add_flag("--phases", o.phases, "Where the time of a step goes");
  app.add_flag("--processor-time", o.processor_time, "Of all threads together, in place of time that passes");
  CLI11_PARSE(app, argc, argv);
  Context context(find_device("cpu"), o.threads);
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> uniform;
  const CountCells cells = count_cells(cells_in_all, genes, o.density, [&] { return uniform(generator); });
  const TrainingStart start = start_from(cells);
  fmt::print(
      "{} threads, {} genes, batch 128, {:.0f} % dense; microseconds a step, medians over {} turns\n\n",
      context.threads(), genes, 100 * o.density, o.turns);
  fmt::print("| new model | widths | course | new | ratio | fastest | <= {} |\n|{}\n", pair_goal,
             " --- | --- | --- | --- | --- | --- | --- |");
  for (const ModelPair& pair : model_pairs()) {
    if (o.names.empty() || std::find(o.names.begin(), o.names.end(), pair.name) != o.names.end())
      measure(context, pair, cells, start, o);
  }
  return 0;
}
