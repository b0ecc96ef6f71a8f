// Conditions: what was done to a cell, as a row of numbers that stands beside a network's input.
#pragma once

#include <numeric>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"
#include "sparcell/ops/batch.h"
#include "sparcell/ops/partners.h"

namespace sparcell {

/// Rows of conditions in device memory.
template <class T>
class DeviceConditions {
 public:
  DeviceConditions(Context& context, const Csr<float>& conditions)
      : rows_(conditions.rows),
        width_(conditions.cols),
        offsets_(context, conditions.offsets),
        indices_(context, conditions.indices),
        values_(context, std::vector<T>(conditions.values.begin(), conditions.values.end())) {}

  CsrView<const T> view() const { return {rows_, width_, offsets_.data(), indices_.data(), values_.data()}; }

 private:
  std::int64_t rows_, width_;
  Buffer<std::int64_t> offsets_;
  Buffer<std::int32_t> indices_;
  Buffer<T> values_;
};

/// What is done to the cells of a batch: rows of a matrix cells x conditions on the device.
template <class T>
struct Conditions {
  CsrView<const T> x{};
  BatchRows rows{};
};

/// Conditions from the host, one row for each row of a batch.
template <class T>
class GivenConditions {
 public:
  /// Requires: `given` is rows x width, or width is 0, of a network that is told nothing.
  GivenConditions(Context& context, const Csr<float>& given, std::int64_t rows, std::int64_t width)
      : told_(context, given), rows_(rows) {
    require(width == 0 || (given.rows == rows && given.cols == width),
            "conditions are {} x {}, expected {} x {}", given.rows, given.cols, rows, width);
    std::vector<std::int32_t> all(static_cast<std::size_t>(rows));
    std::iota(all.begin(), all.end(), 0);
    order_ = Buffer<std::int32_t>(context, all);
  }

  Conditions<T> view() const {
    return {told_.view(), {.order = order_.data(), .batch = nullptr, .stride = 0, .count = rows_}};
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

  template <class T>
  BatchRows rows(Context& context, const BatchRows& batch, const RandomStream& draws) {
    if (controls_.size() == 0) return batch;
    draw_partners<T>(context, batch, controls_.span(), share_, draws,
                     rows_.span().first(static_cast<std::size_t>(batch.count)));
    return {.order = rows_.data(), .batch = nullptr, .stride = 0, .count = batch.count};
  }

 private:
  double share_;
  Buffer<std::int32_t> controls_, rows_;
};

}  // namespace sparcell
