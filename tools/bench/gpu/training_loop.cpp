#include "training_loop.h"

#include "data.h"
#include "exchange.h"

namespace sparcell::bench_gpu {
namespace {

/// A permutation of the cells, over and over: rows of batches 0, 1, ... of a turn.
std::vector<std::int32_t> order_of(const TrainingCase& c) {
  std::vector<std::int32_t> cells(static_cast<std::size_t>(c.cells)), order;
  std::iota(cells.begin(), cells.end(), 0);
  Fast random(seed);
  for (std::size_t i = cells.size() - 1; i > 0; --i) std::swap(cells[i], cells[random.word() % (i + 1)]);
  const auto length = static_cast<std::size_t>(std::max(c.steps, c.compared) * c.batch());
  while (order.size() < length) order.insert(order.end(), cells.begin(), cells.end());
  return order;
}

bench::CountCells cells_of(const TrainingCase& c) {
  if (!c.of_counts) return {.x = random_cells(c.cells, c.genes), .raw = {}};
  Fast random(seed);
  return bench::count_cells(c.cells, c.genes, density, [&] { return random.uniform(); });
}

/// The largest difference of the first losses, over the largest loss of the name.
double error_of(const Losses& got, const Losses& expected) {
  double error = 0;
  for (std::size_t part = 0; part < expected.size(); ++part) {
    double difference = 0, size = 0;
    for (std::size_t step = 0; step < expected[part].second.size(); ++step) {
      const double distance = std::abs(got.at(part).second.at(step) - expected[part].second[step]);
      if (!std::isfinite(distance)) return distance;
      difference = std::max(difference, distance);
      size = std::max(size, std::abs(expected[part].second[step]));
    }
    if (size > 0) error = std::max(error, difference / size);
  }
  return error;
}

/// The weights of `from` in `to`, which is of another precision.
void copy_weights(Trainable<float>& from, Trainable<double>& to) {
  const auto groups = from.groups();
  const auto others = to.groups();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const auto part : {&ParameterGroup<float>::parameters, &ParameterGroup<float>::buffers}) {
      Arena<float>& source = *(groups[g].*part);
      Arena<double>& target =
          part == &ParameterGroup<float>::parameters ? *others[g].parameters : *others[g].buffers;
      for (int i = 0; i < static_cast<int>(source.tensors().size()); ++i) {
        const std::vector<float> values = source.read(i);
        target.write(i, std::vector<double>(values.begin(), values.end()));
      }
    }
  }
}

}  // namespace

void add_losses(const LossParts& parts, Losses& losses) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (losses.size() == i) losses.push_back({parts[i].first, {}});
    losses[i].second.push_back(parts[i].second);
  }
}

Training::Training(Surroundings& s, TrainingCase given) : c(std::move(given)) {
  const bench::CountCells cells = cells_of(c);
  const std::vector<std::int32_t> order = order_of(c);
  loop = std::make_shared<Loop<float>>(s.context, c, cells, order);
  Context host;
  Loop<double> exact(host, c, cells, order);
  copy_weights(loop->model(), exact.model());
  if (!s.exchange.empty()) write_exchange(s.exchange, loop->model(), cells.x, order);
  StepRunner runner = loop->runner(GraphMode::step);
  const Losses losses = loop->first_losses([&] { runner.run(c.batch(), 1); });
  error = error_of(losses, exact.first_losses([&] { exact.step(); }));
  peer = {{"kind", name_of(c.options.type)},
          {"genes", c.genes},
          {"cells", c.cells},
          {"batch", c.batch()},
          {"steps", c.steps},
          {"options", options_json(c.options, seed)}};
  for (const auto& [name, values] : losses) peer["losses"][name] = values;
}

Variant Training::variant(const std::string& name) const {
  const auto runner = std::make_shared<StepRunner>(loop->runner(GraphMode::run));
  return {.name = name,
          .work = [runner, loop = loop, batch = c.batch()](std::int64_t times) { runner->run(batch, times); },
          .rewind = [loop = loop] { loop->go_to(0); },
          .error = error};
}

}  // namespace sparcell::bench_gpu
