// Cells in dense blocks on the device: evaluation never holds cells x genes at once.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"
#include "sparcell/core/random.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// Calls body(first, count) for blocks of [first, last).
template <class Body>
void for_each_block(std::int64_t first, std::int64_t last, Body&& body) {
  for (; first < last; first += evaluation_block) body(first, std::min(evaluation_block, last - first));
}

/// Real cells, one block at a time.
class RealBlocks {
 public:
  RealBlocks(Context& context, const Csr<float>& x);

  /// The given cells, at most evaluation_block; valid until the next call.
  MatrixView<const float> load(std::span<const std::int32_t> cells);
  /// The same into a contiguous block of the device.
  void copy(std::span<const std::int32_t> cells, MatrixView<float> out);
  const Csr<float>& cells() const { return x_; }

 private:
  const Csr<float>& x_;
  std::vector<float> host_;
  Buffer<float> device_;
  Context& context_;
};

/// A dense matrix on the device.
template <class T>
class DeviceMatrix {
 public:
  DeviceMatrix(Context& context, std::int64_t rows, std::int64_t cols)
      : buffer_(context, rows * cols), rows_(rows), cols_(cols) {}
  DeviceMatrix(Context& context, const Matrix<T>& host)
      : buffer_(context, std::span<const T>(host.values)), rows_(host.rows), cols_(host.cols) {}

  std::int64_t rows() const { return rows_; }
  MatrixView<T> view() const { return {buffer_.data(), rows_, cols_}; }
  /// Rows [first, first + count).
  MatrixView<T> rows(std::int64_t first, std::int64_t count) const { return view().slice_rows(first, count); }
  Buffer<T>& buffer() { return buffer_; }
  Matrix<T> to_host() const {
    Matrix<T> host(rows_, cols_);
    buffer_.download(host.values);
    return host;
  }

 private:
  Buffer<T> buffer_;
  std::int64_t rows_, cols_;
};

/// `count` keys of [0, count) in random order.
std::vector<std::int32_t> random_order(std::int64_t count, const RandomStream& stream);

}  // namespace sparcell
