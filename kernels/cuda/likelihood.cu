// Likelihoods: a block per cell. All its entries are first taken as zeros, four neighbouring genes a thread;
// then a thread for each of the few counts above zero, whose gamma functions need f64, puts that entry right.
// Values of normal distributions have no such difference: their sparse target is spread out in shared memory,
// as that of the squared error is.
#include "sparcell/ops/likelihood.h"

#include "cuda/loss_parts.h"
#include "cuda/memory.h"
#include "math/count_loss.h"
#include "sparcell/ops/log_shares.h"

namespace sparcell {
namespace kernels::likelihood {

using device::Columns, device::Four, device::four, device::load, device::Slab, device::store;

constexpr int threads = loss_threads;
constexpr int gaussian_blocks = 3;  // at once on a multiprocessor: said because code for 10.0 spills for more
constexpr int width = device::own_columns;
/// At once on a multiprocessor: leaves registers for f64. Code for 10.0 and 12.0 spills for more with a gate.
constexpr int count_blocks(bool gate) { return gate ? 2 : 3; }

/// One cell's memory; pointers are null where there is none.
struct Cell {
  std::int64_t genes;
  const float *log_rate, *gate, *log_dispersion;
  float shift;  ///< of log rates
  float *by_log_mean, *by_gate, *by_log_dispersion;
  float scale;  ///< of the derivatives
};

/// Sums over the entries of a thread.
struct Sums {
  double loss = 0, by_log_mean = 0;
};

template <int access, bool gate>
__device__ __forceinline__ void all_as_zero(const Cell& cell, Sums& sums) {
  device::for_each_in_block(vectors_of(cell.genes), [&](std::int64_t v) {
    const Columns columns = device::columns_at(v, cell.genes);
    const Four rate = columns.load<access>(cell.log_rate),
               dispersion = columns.load<access>(cell.log_dispersion);
    Four logit{};
    if (gate) logit = columns.load<access>(cell.gate);
    Four by_mean{}, by_gate{}, by_dispersion{};
    double loss = 0, by_log_mean = 0;
#pragma unroll
    for (int k = 0; k < width; ++k) {
      if (k >= columns.count) continue;
      const auto entry = math::loss_of_zero<gate, float>(rate[k] + cell.shift,
                                                         math::bounded_dispersion(dispersion[k]), logit[k]);
      loss += static_cast<double>(entry.loss);
      by_log_mean += static_cast<double>(entry.by_log_mean);
      by_mean[k] = cell.scale * entry.by_log_mean;
      by_gate[k] = cell.scale * entry.by_gate;
      by_dispersion[k] = cell.scale * entry.by_log_dispersion;
    }
    sums.loss += loss;
    sums.by_log_mean += by_log_mean;
    if (cell.by_log_mean != nullptr) columns.store<access>(cell.by_log_mean, by_mean);
    if (gate && cell.by_gate != nullptr) columns.store<access>(cell.by_gate, by_gate);
    if (cell.by_log_dispersion != nullptr) columns.store<access>(cell.by_log_dispersion, by_dispersion);
  });
}

template <bool gate>
__device__ __forceinline__ void counts_above_zero(const Cell& cell, const CsrView<const float>& counts,
                                                  std::int64_t row, Sums& sums) {
  const device::Entries entries = device::entries_of(counts, row, 0, counts.cols);
  device::for_each_in_block(entries.count(), [&](std::int64_t k) {
    const std::int32_t g = load(counts.indices + entries.first + k);
    const float rate = load(cell.log_rate + g) + cell.shift, logit = gate ? load(cell.gate + g) : 0;
    const math::Bounded<float> mean = math::bounded_mean(rate),
                               dispersion = math::bounded_dispersion(load(cell.log_dispersion + g));
    const auto as_zero = math::loss_of_zero<gate, float>(rate, dispersion, logit);
    sums.loss -= static_cast<double>(as_zero.loss);
    sums.by_log_mean -= static_cast<double>(as_zero.by_log_mean);
    const double count = load(counts.values + entries.first + k), m = mean.value, t = dispersion.value;
    math::EntryLoss<double> entry =
        math::loss_of_count(count, m, t, math::negative_binomial_rest(count, m, t));
    entry.by_log_mean *= mean.inside;
    entry.by_log_dispersion *= dispersion.inside;
    if constexpr (gate) {
      entry.loss += math::softplus(logit);
      entry.by_gate = math::sigmoid(logit);
    }
    sums.loss += entry.loss;
    sums.by_log_mean += entry.by_log_mean;
    if (cell.by_log_mean != nullptr)
      store(cell.by_log_mean + g, cell.scale * static_cast<float>(entry.by_log_mean));
    if (gate && cell.by_gate != nullptr)
      store(cell.by_gate + g, cell.scale * static_cast<float>(entry.by_gate));
    if (cell.by_log_dispersion != nullptr)
      store(cell.by_log_dispersion + g, cell.scale * static_cast<float>(entry.by_log_dispersion));
  });
}

template <int access, bool gate>
__global__ void __launch_bounds__(threads, count_blocks(gate))
    count_loss(bool library, MatrixView<const float> outputs, MatrixView<const float> log_dispersion,
               const std::int32_t* group_of, const float* log_library, CsrView<const float> counts,
               BatchRows rows, float scale, MatrixView<float> gradient, MatrixView<float> by_log_dispersion,
               double* cell_losses, double loss_scale, double* loss, double* partial, unsigned* ticket) {
  const std::int64_t genes = counts.cols, last = outputs.cols - 1;
  double sum = 0;
  device::for_each_in_blocks(rows.count, [&](std::int64_t i) {
    const std::int64_t row = device::row_of(rows, i);
    const float* const out = outputs.row(i);
    float* const to = gradient.data == nullptr ? nullptr : gradient.row(i);
    const Cell cell{genes,
                    out,
                    out + genes,
                    log_dispersion.row(group_of == nullptr ? 0 : load(group_of + row)),
                    (library ? load(out + last) : 0) + (log_library == nullptr ? 0 : load(log_library + row)),
                    to,
                    to == nullptr ? nullptr : to + genes,
                    by_log_dispersion.data == nullptr ? nullptr : by_log_dispersion.row(i),
                    scale};
    Sums sums;
    all_as_zero<access, gate>(cell, sums);
    __syncthreads();  // before entries are written a second time
    counts_above_zero<gate>(cell, counts, row, sums);
    const double of_cell = device::block_sum<threads>(sums.loss);
    sum += of_cell;
    const double by_library = device::block_sum<threads>(sums.by_log_mean);
    if (threadIdx.x != 0) return;
    if (cell_losses != nullptr) store(cell_losses + i, of_cell);
    if (library && to != nullptr) store(to + last, scale * static_cast<float>(by_library));
  });
  add_to_loss(sum, loss_scale, loss, partial, ticket);
}

template <int access>
__global__ void __launch_bounds__(threads, gaussian_blocks)
    gaussian_loss(MatrixView<const float> prediction, const float* log_variance, bool shared,
                  CsrView<const float> x, BatchRows rows, const float* mean, const float* inverse_scale,
                  float scale, MatrixView<float> gradient, MatrixView<float> by_log_variance,
                  double* cell_losses, double loss_scale, double* loss, double* partial, unsigned* ticket) {
  __shared__ __align__(16) float target[target_tile];
  double sum = 0;
  device::for_each_in_blocks(rows.count, [&](std::int64_t i) {
    double own = 0;
    for (std::int64_t begin = 0; begin < x.cols; begin += target_tile) {
      const std::int64_t left = x.cols - begin, count = left < target_tile ? left : target_tile;
      spread(x, device::row_of(rows, i), begin, count, target);
      device::for_each_in_block(vectors_of(count), [&](std::int64_t v) {
        const Columns columns = device::columns_at(begin / width + v, x.cols);
        const Four p = columns.load<access>(prediction.row(i));
        Four t = device::load_vector<width>(target + v * width), logs{};
        if (mean != nullptr) {
          const Four m = columns.load<access>(mean), s = columns.load<access>(inverse_scale);
          t = four([&](int k) { return (t[k] - m[k]) * s[k]; });
        }
        if (!shared) logs = columns.load<access>(log_variance);
        const float common = shared ? load(log_variance) : 0;
        Four by_prediction{}, by_variance{};
#pragma unroll
        for (int k = 0; k < width; ++k) {
          if (k >= columns.count) continue;
          const auto entry =
              math::gaussian_loss(p[k] - t[k], math::bounded_variance(shared ? common : logs[k]));
          own += static_cast<double>(entry.loss);
          by_prediction[k] = scale * entry.by_prediction;
          by_variance[k] = scale * entry.by_log_variance;
        }
        if (gradient.data != nullptr) columns.store<access>(gradient.row(i), by_prediction);
        if (by_log_variance.data != nullptr) columns.store<access>(by_log_variance.row(i), by_variance);
      });
    }
    const double of_cell = device::block_sum<threads>(own);
    sum += of_cell;
    if (cell_losses != nullptr && threadIdx.x == 0) store(cell_losses + i, of_cell);
  });
  add_to_loss(sum, loss_scale, loss, partial, ticket);
}

constexpr int row_threads = 512;

/// sums(0, c) += the sum over rows, of slabs of columns.
template <int access>
__global__ void __launch_bounds__(row_threads) add_rows(MatrixView<const float> values, float* sums) {
  device::for_each_slab<row_threads>(values.cols, [&](const Slab& slab) {
    device::Fours<1> sum{};
    slab.for_each_row(values.rows,
                      [&](std::int64_t r) { device::add(sum.of[0], slab.load<access>(values.row(r))); });
    sum = device::column_sums<row_threads>(sum);
    if (!slab.leads()) return;
    Four total = slab.load<access>(sums);
    device::add(total, sum.of[0]);
    slab.store<access>(sums, total);
  });
}

/// A thread for each group and column, so that no two write to one place; which rows are of its group is
/// asked of shared memory.
__global__ void __launch_bounds__(threads)
    add_rows_by_group(MatrixView<const float> values, BatchRows rows, const std::int32_t* group_of,
                      MatrixView<float> sums) {
  __shared__ std::int32_t groups[threads];
  const std::int64_t tiles = (values.cols + threads - 1) / threads;
  device::for_each_in_blocks(tiles * sums.rows, [&](std::int64_t item) {
    const std::int64_t own = item / tiles, column = item % tiles * threads + threadIdx.x;
    float* const to = sums.row(own) + column;
    float sum = 0;
    bool found = false;
    for (std::int64_t first = 0; first < values.rows; first += threads) {
      const std::int64_t staged = first + threadIdx.x;
      if (staged < values.rows) store(groups + threadIdx.x, load(group_of + device::row_of(rows, staged)));
      __syncthreads();
      const std::int64_t left = values.rows - first, count = left < threads ? left : threads;
      for (std::int64_t k = 0; k < count; ++k) {
        if (load(groups + k) != own || column >= values.cols) continue;
        if (!found) sum = load(to);
        found = true;
        sum += load(values.row(first + k) + column);
      }
      __syncthreads();  // before the next rows' groups
    }
    if (found) store(to, sum);
  });
}

}  // namespace kernels::likelihood

template <class T>
void cuda::count_loss(Context& context, CountForm form, MatrixView<const T> outputs,
                      const Dispersion<T>& dispersion, std::span<const T> log_library,
                      CsrView<const T> counts, BatchRows rows, LossTerm loss, LikelihoodResults<T> results) {
  using namespace kernels::likelihood;
  const MatrixView<T> gradient = results.gradient, by_log_dispersion = results.by_shared;
  const bool aligned = device::aligned_rows<width>(outputs) && device::aligned_rows<width>(gradient) &&
                       device::aligned_rows<width>(dispersion.log) &&
                       device::aligned_rows<width>(by_log_dispersion) &&
                       (!form.gate || counts.cols % width == 0);
  const device::LaunchShape shape{
      .grid = device::blocks_for(rows.count, 1), .block = threads, .stream = device::stream_of(context)};
  device::with_width<width>(aligned, [&](auto constant) {
    const auto run = [&](auto kernel) {
      device::launch(kernel, shape, form.library, outputs, dispersion.log,
                     device::data_or_null(dispersion.group_of), device::data_or_null(log_library), counts,
                     rows, static_cast<T>(loss.gradient_scale), gradient, by_log_dispersion,
                     device::data_or_null(results.cell_losses), loss.scale, loss.sum,
                     cuda::workspace<double>(context, shape.grid.x), cuda::tickets(context));
    };
    form.gate ? run(kernels::likelihood::count_loss<constant, true>)
              : run(kernels::likelihood::count_loss<constant, false>);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::count_loss);

template <class T>
void cuda::count_loss_of_shares(Context& context, double total, CountForm form, MatrixView<T> outputs,
                                const Dispersion<T>& dispersion, std::span<const T> log_library,
                                CsrView<const T> counts, BatchRows rows, LossTerm loss,
                                LikelihoodResults<T> results) {
  const auto of_genes = [&](MatrixView<T> all) { return MatrixView<T>(all.data, all.rows, counts.cols, all.stride); };
  cuda::log_shares<T>(context, total, of_genes(outputs));
  cuda::count_loss<T>(context, form, outputs, dispersion, log_library, counts, rows, loss, results);
  if (results.gradient.data == nullptr) return;
  cuda::log_shares_backward<T>(context, total, of_genes(outputs), of_genes(results.gradient));
}
SPARCELL_INSTANTIATE_CUDA(cuda::count_loss_of_shares);

template <class T>
void cuda::gaussian_loss(Context& context, MatrixView<const T> prediction, std::span<const T> log_variance,
                         CsrView<const T> x, BatchRows rows, Standardization<T> standardization,
                         LossTerm loss, LikelihoodResults<T> results) {
  using namespace kernels::likelihood;
  const std::span<const T> mean = standardization.mean, inverse_scale = standardization.inverse_scale;
  const MatrixView<T> gradient = results.gradient, by_log_variance = results.by_shared;
  const bool shared = log_variance.size() == 1;
  const bool aligned = device::aligned_rows<width>(prediction) && device::aligned_rows<width>(gradient) &&
                       device::aligned_rows<width>(by_log_variance) &&
                       (shared || device::aligned<width>(log_variance.data())) &&
                       device::aligned<width>(mean.data()) && device::aligned<width>(inverse_scale.data());
  const device::LaunchShape shape{
      .grid = device::blocks_for(rows.count, 1), .block = threads, .stream = device::stream_of(context)};
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::likelihood::gaussian_loss<constant>, shape, prediction, log_variance.data(),
                   shared, x, rows, device::data_or_null(mean), device::data_or_null(inverse_scale),
                   static_cast<T>(loss.gradient_scale), gradient, by_log_variance,
                   device::data_or_null(results.cell_losses), loss.scale, loss.sum,
                   cuda::workspace<double>(context, shape.grid.x), cuda::tickets(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::gaussian_loss);

template <class T>
void cuda::add_rows_by_group(Context& context, MatrixView<const T> values, BatchRows rows,
                             std::span<const std::int32_t> group_of, MatrixView<T> sums) {
  using namespace kernels::likelihood;
  cudaStream_t const stream = device::stream_of(context);
  if (!group_of.empty()) {
    const std::int64_t tiles = (values.cols + threads - 1) / threads;
    return device::launch(
        kernels::likelihood::add_rows_by_group,
        {.grid = device::blocks_for(tiles * sums.rows, 1), .block = threads, .stream = stream}, values, rows,
        group_of.data(), sums);
  }
  device::with_width<width>(
      device::aligned_rows<width>(values) && device::aligned<width>(sums.data), [&](auto constant) {
        device::launch(add_rows<constant>,
                       {.grid = device::slab_grid(values.cols), .block = row_threads, .stream = stream},
                       values, sums.data);
      });
}
SPARCELL_INSTANTIATE_CUDA(cuda::add_rows_by_group);

}  // namespace sparcell
