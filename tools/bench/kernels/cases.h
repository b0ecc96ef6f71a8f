// The ops whose memory accesses the kernel report (tools/bench/kernel_report) looks at, at 5,000 genes,
// density 10 % and batches of 256 cells, and the training steps whose launches it counts.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"
#include "sparcell/ops/batch.h"

namespace sparcell::bench {

inline constexpr std::int64_t genes = 5000, batch_cells = 256, hidden = 512;
inline constexpr double density = 0.1;

/// Runs an op and records what its kernels load and store.
using Record = std::function<void(const std::function<void()>& op)>;

struct Case {
  std::string op;  ///< with its variant
  std::string size;
  std::int64_t least;  ///< bytes that every implementation moves: inputs read once, outputs written once
  bool streaming;      ///< held against the goals for bytes and sectors
  std::function<void(Context&, const Record&)> run;
};

std::vector<Case> statistics_cases();
std::vector<Case> training_cases();
std::vector<Case> distribution_cases();

/// Launches, copies and products (nodes of a captured graph) of one training step, and how many of them wait
/// for each other at most.
struct StepNodes {
  std::string step;
  std::int64_t nodes, longest_chain, goal;
};
std::vector<StepNodes> count_step_nodes(Context& context);

/// Entries of random_cells(rows, genes).
inline std::int64_t entries_of(std::int64_t rows) {
  return static_cast<std::int64_t>(density * static_cast<double>(rows * genes));
}

/// A row of `genes / 10` entries for each cell, evenly spread from a column that moves with the row.
inline Csr<float> random_cells(std::int64_t rows, std::int64_t columns) {
  const auto gap = static_cast<std::int64_t>(1 / density);
  Csr<float> x;
  x.rows = rows;
  x.cols = columns;
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> value(0.5f, 4);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = r % gap; c < columns; c += gap) {
      x.indices.push_back(static_cast<std::int32_t>(c));
      x.values.push_back(value(generator));
    }
    x.offsets.push_back(static_cast<std::int64_t>(x.indices.size()));
  }
  return x;
}

/// Cells on the device.
struct DeviceCells {
  Buffer<std::int64_t> offsets;
  Buffer<std::int32_t> indices;
  Buffer<float> values;
  std::int64_t rows, cols;

  DeviceCells(Context& context, const Csr<float>& x)
      : offsets(context, x.offsets),
        indices(context, x.indices),
        values(context, x.values),
        rows(x.rows),
        cols(x.cols) {}
  CsrView<float> view() const { return {rows, cols, offsets.data(), indices.data(), values.data()}; }
};

/// Cells 0 .. batch as a batch.
struct Batch {
  DeviceCells x;
  Buffer<std::int32_t> order;

  explicit Batch(Context& context)
      : x(context, random_cells(batch_cells, genes)), order(context, ascending()) {}
  BatchRows rows() const { return {order.data(), nullptr, batch_cells, batch_cells}; }

  static std::vector<std::int32_t> ascending() {
    std::vector<std::int32_t> order(batch_cells);
    for (std::int64_t i = 0; i < batch_cells; ++i) order[i] = static_cast<std::int32_t>(i);
    return order;
  }
};

/// Random numbers on the device, as a matrix without gaps.
struct DeviceValues {
  Buffer<float> buffer;
  std::int64_t rows, cols;

  DeviceValues(Context& context, std::int64_t rows, std::int64_t cols)
      : buffer(context, random(rows * cols)), rows(rows), cols(cols) {}
  MatrixView<float> view() const { return {buffer.data(), rows, cols}; }
  operator MatrixView<float>() const { return view(); }
  operator MatrixView<const float>() const { return view(); }
  std::span<float> span() const { return buffer.span(); }

  static std::vector<float> random(std::int64_t count) {
    std::mt19937 generator(2);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = normal(generator);
    return values;
  }
};

}  // namespace sparcell::bench
