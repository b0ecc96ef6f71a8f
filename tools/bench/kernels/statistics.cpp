// Normalization, statistics and evaluation.
#include <numeric>

#include "cases.h"
#include "sparcell/ops/covariance.h"
#include "sparcell/ops/distribution.h"
#include "sparcell/ops/gene_moments.h"
#include "sparcell/ops/log_normalize.h"
#include "sparcell/ops/pairwise.h"
#include "sparcell/ops/residuals.h"
#include "sparcell/ops/select_columns.h"

namespace sparcell::bench {
namespace {

constexpr std::int64_t entries = 128000;   // of a batch
constexpr std::int64_t many_cells = 8192;  // partial sums of all genes pay with many cells only
constexpr std::int64_t points = 1024, coordinates = 50;

/// Every second gene is selected.
std::vector<std::int32_t> half_of_genes() {
  std::vector<std::int32_t> map(genes, -1);
  for (std::int64_t g = 0; g < genes; g += 2) map[g] = static_cast<std::int32_t>(g / 2);
  return map;
}

void run_select_columns(Context& context, const Record& record) {
  const Csr<float> host = random_cells(batch_cells, genes);
  const DeviceCells x(context, host);
  const Buffer<std::int32_t> map(context, half_of_genes());
  const Buffer<std::int64_t> offsets(context, batch_cells + 1);
  selected_offsets<float>(context, x.view(), map.span(), offsets.span());
  const std::int64_t kept = offsets.to_host().back();
  const Buffer<std::int32_t> indices(context, kept);
  const Buffer<float> values(context, kept);
  record([&] {
    select_columns<float>(context, x.view(), map.span(), offsets.span(), indices.span(), values.span());
  });
}

template <class Op>
auto on_cells(Op op) {
  return [op](Context& context, const Record& record) {
    const DeviceCells x(context, random_cells(batch_cells, genes));
    record([&] { op(context, x); });
  };
}

void run_gene_moments(Context& context, const Record& record) {
  const DeviceCells x(context, random_cells(many_cells, genes));
  std::vector<std::int32_t> all(many_cells);
  std::iota(all.begin(), all.end(), 0);
  const Buffer<std::int32_t> rows(context, all);
  const Buffer<double> mean(context, genes), variance(context, genes);
  record([&] {
    gene_moments<float>(context, x.view(), rows.span(), MomentsOf::values, {}, mean.span(), variance.span());
  });
}

void run_distribution(Context& context, const Record& record) {
  const DeviceValues cells(context, batch_cells, genes);
  const Buffer<double> shift(context, genes), moments(context, distribution_moments_count * genes);
  record([&] {
    distribution_moments<float>(context, cells, shift.span(), 0.1f,
                                {moments.data(), distribution_moments_count, genes});
  });
}

void run_residuals(Context& context, const Record& record) {
  const DeviceValues real(context, batch_cells, genes), predicted(context, batch_cells, genes);
  const Buffer<double> shift(context, genes), moments(context, residual_moments_count * genes);
  record([&] {
    residual_moments<float>(context, real, predicted, MomentsOf::values, shift.span(),
                            {moments.data(), residual_moments_count, genes});
  });
}

void run_squared_errors(Context& context, const Record& record) {
  const DeviceValues real(context, batch_cells, genes), predicted(context, batch_cells, genes);
  const Buffer<double> errors(context, batch_cells);
  record([&] { squared_errors<float>(context, real, predicted, errors.span()); });
}

void run_pairwise(Context& context, const Record& record) {
  const DeviceValues x(context, points, coordinates), y(context, points, coordinates);
  const Buffer<double> sums(context, 1);
  const std::vector<std::int64_t> groups{0, points};
  record([&] { pairwise_distance_sums<float>(context, x, y, groups, groups, {sums.data(), 1, 1}); });
}

void run_covariance(Context& context, const Record& record) {
  constexpr std::int64_t fewer = 512;  // genes; the work grows with their square
  const DeviceCells x(context, random_cells(batch_cells, fewer));
  const Buffer<double> products(context, fewer * fewer), sums(context, fewer);
  record([&] { add_products<float>(context, x.view(), {products.data(), fewer, fewer}, sums.span()); });
}

}  // namespace

std::vector<Case> statistics_cases() {
  constexpr std::int64_t offsets = 8 * (batch_cells + 1), dense = 4 * batch_cells * genes;
  const std::string cells = "256 x 5000, 10 %", pairs = "1024 x 1024 x 50";
  return {
      {"row_sums", cells, 4 * entries + offsets + 8 * batch_cells, true,
       on_cells([](Context& context, const DeviceCells& x) {
         const Buffer<double> sums(context, batch_cells);
         row_sums<float>(context, x.view(), sums.span());
         context.synchronize();
       })},
      {"log_normalize", cells, 8 * entries + offsets, true,
       on_cells([](Context& context, const DeviceCells& x) {
         log_normalize<float>(context, x.view(), 1e4, true, x.values.span());
       })},
      {"gene_moments", "8192 x 5000, 10 %", many_cells * (8 * genes / 10 + 8 + 4) + 16 * genes, false,
       run_gene_moments},
      {"select_columns, half of the genes", cells, 8 * entries + 2 * offsets + 4 * genes, false,
       run_select_columns},
      {"distribution_moments", "256 x 5000", dense + 8 * genes + 2 * 8 * 4 * genes, true, run_distribution},
      {"residual_moments", "256 x 5000", 2 * dense + 8 * genes + 2 * 8 * 11 * genes, true, run_residuals},
      {"squared_errors", "256 x 5000", 2 * dense + 8 * batch_cells, true, run_squared_errors},
      {"pairwise_distance_sums", pairs, 2 * 4 * points * coordinates + 8, false, run_pairwise},
      {"add_products", "256 x 512, 10 %", 8 * 13107 + offsets + 8 * 512 * 513, false, run_covariance},
  };
}

}  // namespace sparcell::bench
