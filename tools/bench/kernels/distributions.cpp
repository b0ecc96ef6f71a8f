// What models of distributions add to a step: likelihoods of counts, gates, library sizes, mixed cells.
#include "cases.h"
#include "sparcell/ops/hurdle.h"
#include "sparcell/ops/library.h"
#include "sparcell/ops/likelihood.h"
#include "sparcell/ops/log_shares.h"
#include "sparcell/ops/loss.h"
#include "sparcell/ops/mix.h"
#include "sparcell/ops/optimizer.h"

namespace sparcell::bench {
namespace {

constexpr std::int64_t entries = 128000;  // of a batch
constexpr std::int64_t dense = 4 * batch_cells * genes;

/// Counts in place of the batch's values.
Csr<float> random_counts() {
  Csr<float> x = random_cells(batch_cells, genes);
  for (std::size_t i = 0; i < x.values.size(); ++i) x.values[i] = static_cast<float>(1 + i % 7);
  return x;
}

void run_count_loss(Context& context, const Record& record) {
  const DeviceCells counts(context, random_counts());
  const Batch batch(context);
  const DeviceValues outputs(context, batch_cells, genes), log_dispersion(context, 1, genes),
      gradient(context, batch_cells, genes), by_dispersion(context, batch_cells, genes);
  const Buffer<float> log_library(context, batch_cells);
  const Buffer<double> loss(context, 1);
  record([&] {
    count_loss<float>(context, {}, outputs, {.log = log_dispersion, .group_of = {}}, log_library.span(),
                      counts.view(), batch.rows(), {.sum = loss.data()},
                      {.gradient = gradient, .by_shared = by_dispersion});
  });
}

void run_gaussian_loss(Context& context, const Record& record) {
  const Batch batch(context);
  const DeviceValues prediction(context, batch_cells, genes), log_variance(context, 1, genes),
      gradient(context, batch_cells, genes), by_variance(context, batch_cells, genes);
  const Buffer<double> loss(context, 1);
  record([&] {
    gaussian_loss<float>(context, prediction, log_variance.span(), batch.x.view(), batch.rows(), {},
                         {.sum = loss.data()}, {.gradient = gradient, .by_shared = by_variance});
  });
}

void run_add_rows(Context& context, const Record& record) {
  const Batch batch(context);
  const DeviceValues values(context, batch_cells, genes), sums(context, 1, genes);
  record([&] { add_rows_by_group<float>(context, values, batch.rows(), {}, sums); });
}

auto hurdle_case(bool back) {
  return [=](Context& context, const Record& record) {
    const DeviceValues values(context, batch_cells, genes), gates(context, batch_cells, genes),
        grad(context, batch_cells, genes), by_value(context, batch_cells, genes),
        by_gate(context, batch_cells, genes);
    const RandomStream noise(1, Purpose::generate);
    record([&] {
      if (back) {
        hurdle_backward<float>(context, noise, 0, 0.5, values, gates, grad, by_value, by_gate);
      } else {
        hurdle<float>(context, noise, 0, values, gates, by_value);
      }
    });
  };
}

void run_zero_share(Context& context, const Record& record) {
  const DeviceValues gates(context, batch_cells, genes), grad(context, batch_cells, genes);
  const Buffer<float> share(context, std::vector<float>(genes, 0.1f));
  const Buffer<double> loss(context, 1);
  record([&] { zero_share<float>(context, gates, share.span(), 1, 1, loss.data(), grad); });
}

auto library_case(bool back) {
  return [=](Context& context, const Record& record) {
    DeviceValues x(context, batch_cells, genes);
    const Buffer<float> positive(context, std::vector<float>(batch_cells * genes, 0.5f));
    const MatrixView<const float> cells{positive.data(), batch_cells, genes};
    const DeviceValues size(context, batch_cells, 1), out(context, batch_cells, genes);
    const Buffer<float> scale(context, std::vector<float>{8, 0.3f});
    record([&] {
      if (back) {
        scale_to_library_backward<float>(context, cells, size, scale.span(), x, out);
      } else {
        scale_to_library<float>(context, cells, size, scale.span(), out);
      }
    });
  };
}

auto shares_case(bool back) {
  return [=](Context& context, const Record& record) {
    const DeviceValues logs(context, batch_cells, genes), x(context, batch_cells, genes);
    record([&] { back ? log_shares_backward<float>(context, 1e4, logs, x) : log_shares<float>(context, 1e4, x); });
  };
}

void run_moving_average(Context& context, const Record& record) {
  const DeviceValues values(context, hidden, genes), average(context, hidden, genes);
  const Buffer<std::int64_t> step(context, std::vector<std::int64_t>{100});
  record([&] { moving_average<float>(context, 0.998, step.data(), values.span(), average.span()); });
}

void run_dense_squared_error(Context& context, const Record& record) {
  const DeviceValues prediction(context, batch_cells, genes), target(context, batch_cells, genes),
      gradient(context, batch_cells, genes);
  const Buffer<double> loss(context, 1);
  record([&] {
    dense_squared_error<float>(context, prediction, {}, OutputActivation::identity, target,
                               {.sum = loss.data()}, gradient, {});
  });
}

}  // namespace

std::vector<Case> distribution_cases() {
  constexpr std::int64_t sparse = 8 * entries + 8 * (batch_cells + 1) + 4 * batch_cells;
  const std::string cells = "256 x 5000, 10 %", size = "256 x 5000";
  return {
      {"count_loss", cells, 3 * dense + sparse + 4 * genes + 4 * batch_cells, false, run_count_loss},
      {"gaussian_loss", cells, 3 * dense + sparse + 4 * genes, false, run_gaussian_loss},
      {"add_rows_by_group", size, dense + 8 * genes, true, run_add_rows},
      {"hurdle", size, 3 * dense, true, hurdle_case(false)},
      {"hurdle_backward", size, 5 * dense, true, hurdle_case(true)},
      {"zero_share", size, 3 * dense + 4 * genes, true, run_zero_share},
      {"scale_to_library", size, 2 * dense, false, library_case(false)},
      {"scale_to_library_backward", size, 3 * dense, false, library_case(true)},
      {"log_shares", size, 2 * dense, true, shares_case(false)},
      {"log_shares_backward", size, 3 * dense, true, shares_case(true)},
      {"moving_average", "512 x 5000", 3 * 4 * hidden * genes, true, run_moving_average},
      {"dense_squared_error", size, 3 * dense, true, run_dense_squared_error},
  };
}

}  // namespace sparcell::bench
