// Conditions: what was done to a cell, as a row of numbers that stands beside a network's input.
#pragma once

#include <vector>

#include "core/first_integers.h"
#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"
#include "sparcell/ops/batch.h"
#include "sparcell/ops/partners.h"

namespace sparcell {

/// Sparse rows in device memory.
template <class T>
class DeviceRows {
 public:
  explicit DeviceRows(Context& context, const Csr<float>& rows = {})
      : rows_(rows.rows),
        width_(rows.cols),
        offsets_(context, rows.offsets),
        indices_(context, rows.indices),
        values_(context, std::vector<T>(rows.values.begin(), rows.values.end())) {}

  CsrView<const T> view() const { return {rows_, width_, offsets_.data(), indices_.data(), values_.data()}; }

 private:
  std::int64_t rows_, width_;
  Buffer<std::int64_t> offsets_;
  Buffer<std::int32_t> indices_;
  Buffer<T> values_;
};

/// The columns [first, last) of sparse rows.
inline Csr<float> take_columns(const Csr<float>& x, std::int64_t first, std::int64_t last) {
  Csr<float> out;
  out.rows = x.rows;
  out.cols = last - first;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) {
      if (x.indices[k] < first || x.indices[k] >= last) continue;
      out.indices.push_back(static_cast<std::int32_t>(x.indices[k] - first));
      out.values.push_back(x.values[k]);
    }
    out.offsets.push_back(std::ssize(out.indices));
  }
  return out;
}

/// Rows of conditions in device memory. Where genes that are perturbed together have more than their sum
/// (model/pairs.h), the last `parts` columns say which genes those of a cell are.
template <class T>
class DeviceConditions {
 public:
  DeviceConditions(Context& context, const Csr<float>& conditions, std::int64_t parts)
      : told_(context, take_columns(conditions, 0, conditions.cols - parts)),
        parts_(context, take_columns(conditions, conditions.cols - parts, conditions.cols)) {}

  CsrView<const T> view() const { return told_.view(); }
  CsrView<const T> parts() const { return parts_.view(); }

 private:
  DeviceRows<T> told_, parts_;
};

/// What a network is told of every cell: so many numbers, and of genes that are perturbed together so many
/// learned products of their vectors (model/pairs.h).
template <class T>
struct Told {
  std::int64_t conditions = 0;
  std::int64_t products = 0;
  CsrView<const T> genes{};
};

/// What is done to the cells of a batch: rows of a matrix cells x conditions on the device.
template <class T>
struct Conditions {
  CsrView<const T> x{};
  BatchRows rows{};
  CsrView<const T> parts{};     ///< which genes are perturbed together, cells x genes
  MatrixView<const T> pairs{};  ///< of genes perturbed together, a row for each row of the batch
  MatrixView<T> grad_pairs{};   ///< where the way back leaves the gradients at them
};

/// Conditions from the host, one row for each row of a batch.
template <class T>
class GivenConditions {
 public:
  /// Requires: `given` is rows x (width + parts), or width is 0, of a network that is told nothing.
  GivenConditions(Context& context, const Csr<float>& given, std::int64_t rows, std::int64_t width,
                  std::int64_t parts = 0)
      : told_(context, given, given.cols == 0 ? 0 : parts), rows_(rows) {
    require(width == 0 || (given.rows == rows && given.cols == width + parts),
            "conditions are {} x {}, expected {} x {}", given.rows, given.cols, rows, width + parts);
    order_ = Buffer<std::int32_t>(context, first_integers(rows));
  }

  Conditions<T> view() const {
    return {.x = told_.view(),
            .rows = {.order = order_.data(), .batch = nullptr, .stride = 0, .count = rows_},
            .parts = told_.parts()};
  }

 private:
  DeviceConditions<T> told_;
  std::int64_t rows_;
  Buffer<std::int32_t> order_;
};

/// The cells that an encoder sees in place of a batch's own: for a share of them random training controls,
/// whose genes and conditions it reads. What the decoder is told, and what is to be reconstructed, stay the
/// batch's: so a model learns what makes a cell of a control.
class ControlInput {
 public:
  /// Nothing is exchanged until `begin`; at most `rows` cells at once.
  ControlInput(Context& context, double share, std::int64_t rows)
      : share_(share), rows_(context, share > 0 ? rows : 0) {}

  void begin(Context& context, const std::vector<std::int32_t>& controls) {
    if (share_ > 0) controls_ = Buffer<std::int32_t>(context, controls);
  }

  bool exchanges() const { return controls_.size() > 0; }

  template <class T>
  BatchRows rows(Context& context, const BatchRows& batch, const RandomStream& draws) {
    if (!exchanges()) return batch;
    draw_partners<T>(context, batch, controls_.span(), share_, draws,
                     rows_.span().first(static_cast<std::size_t>(batch.count)));
    return {.order = rows_.data(), .batch = nullptr, .stride = 0, .count = batch.count};
  }

 private:
  double share_;
  Buffer<std::int32_t> controls_, rows_;
};

}  // namespace sparcell
