// Evaluation: energy distance, correlations.
#include "data.h"
#include "sparcell/ops/correlation.h"
#include "sparcell/ops/matmul.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell::bench_gpu {
namespace {

Prepared prepare_energy(Surroundings& s) {
  struct State {
    std::int64_t points, dimensions;
    Buffer<float> x, y;
    Buffer<double> sum;
    State(Context& context, std::int64_t points, std::int64_t dimensions)
        : points(points),
          dimensions(dimensions),
          x(uniform_values(context, points * dimensions, -1, 1)),
          y(uniform_values(context, points * dimensions + 1, -1.2f, 1)),
          sum(context, 1) {}
  };
  Context& context = s.context;
  const auto state = std::make_shared<const State>(context, s.at(60, 8192), s.at(7, 50));
  const auto once = [state, &context] {
    const std::int64_t groups[] = {0, state->points};
    pairwise_distance_sums<float>(context,
                                  MatrixView<const float>(state->x.data(), state->points, state->dimensions),
                                  MatrixView<const float>(state->y.data(), state->points, state->dimensions),
                                  groups, groups, MatrixView<double>(state->sum.data(), 1, 1));
  };
  once();
  const std::vector<float> x = state->x.to_host(), y = state->y.to_host();
  double expected = 0;
  for (std::int64_t i = 0; i < state->points; ++i) {
    for (std::int64_t j = 0; j < state->points; ++j) {
      double squares = 0;
      for (std::int64_t d = 0; d < state->dimensions; ++d) {
        const double difference = static_cast<double>(x[i * state->dimensions + d]) -
                                  static_cast<double>(y[j * state->dimensions + d]);
        squares += difference * difference;
      }
      expected += std::sqrt(squares);
    }
  }
  const auto n = static_cast<double>(state->points), d = static_cast<double>(state->dimensions);
  // A difference and a fused multiply-add for each coordinate of each pair.
  Prepared row{.size = fmt::format("{0} x {0} points, {1} dimensions", state->points, state->dimensions),
               .bytes = 8 * n * d,
               .flops = 3 * n * n * d,
               .rate = "f32",
               .times = s.at(1, 200),
               .tolerance = 1e-6};
  row.variants = {{.name = "sparcell",
                   .work = repeated(once),
                   .error = relative_error(state->sum.to_host(), std::vector<double>{expected})}};
  row.peer = {{"kind", "energy"}, {"points", state->points}, {"dimensions", state->dimensions}};
  return row;
}

Prepared prepare_correlations(Surroundings& s) {
  struct State {
    std::int64_t genes, cells;
    Buffer<float> raw, rows, correlations;
    State(Context& context, std::int64_t genes, std::int64_t cells)
        : genes(genes),
          cells(cells),
          raw(uniform_values(context, genes * cells, 0, 3)),
          rows(context, genes * cells),
          correlations(context, genes * genes) {}
  };
  Context& context = s.context;
  const auto state = std::make_shared<const State>(context, s.at(24, 2000), s.at(50, 10'000));
  const auto once = [state, &context] {
    const MatrixView<float> rows(state->rows.data(), state->genes, state->cells);
    context.memory().copy_on_device(rows.data, state->raw.data(),
                                    static_cast<std::size_t>(rows.size()) * sizeof(float));
    standardize_rows<float>(context, rows);
    matmul<float>(context, Transpose::no, Transpose::yes, rows, rows, 0.0f,
                  MatrixView<float>(state->correlations.data(), state->genes, state->genes));
  };
  once();
  // Of the first genes with each other.
  const std::int64_t compared = std::min<std::int64_t>(state->genes, 24), cells = state->cells;
  const std::vector<float> raw = download(context, state->raw.data(), compared * cells),
                           all = state->correlations.to_host();
  std::vector<double> mean(compared), norm(compared), expected;
  std::vector<float> got;
  for (std::int64_t g = 0; g < compared; ++g) {
    for (std::int64_t c = 0; c < cells; ++c)
      mean[g] += static_cast<double>(raw[g * cells + c]) / static_cast<double>(cells);
    for (std::int64_t c = 0; c < cells; ++c)
      norm[g] += std::pow(static_cast<double>(raw[g * cells + c]) - mean[g], 2);
  }
  for (std::int64_t g = 0; g < compared; ++g) {
    for (std::int64_t h = 0; h < compared; ++h) {
      double product = 0;
      for (std::int64_t c = 0; c < cells; ++c)
        product += (static_cast<double>(raw[g * cells + c]) - mean[g]) *
                   (static_cast<double>(raw[h * cells + c]) - mean[h]);
      expected.push_back(product / std::sqrt(norm[g] * norm[h]));
      got.push_back(all[g * state->genes + h]);
    }
  }
  const auto genes = static_cast<double>(state->genes), n = static_cast<double>(cells);
  Prepared row{.size = fmt::format("{} genes, {} cells", state->genes, cells),
               .bytes = 4 * (genes * n + genes * genes),
               .flops = 2 * genes * genes * n,
               .rate = "f32",
               .times = s.at(1, 200),
               .tolerance = 1e-5};
  row.variants = {{.name = "sparcell", .work = repeated(once), .error = relative_error(got, expected)}};
  row.peer = {{"kind", "correlations"}, {"genes", state->genes}, {"cells", cells}};
  return row;
}

}  // namespace

std::vector<Row> evaluation_rows() {
  return {{"energy", "energy distance: sum of pairwise distances", "", false, prepare_energy},
          {"correlations", "correlations of genes", "", false, prepare_correlations}};
}

}  // namespace sparcell::bench_gpu
