// Matrices: views that ops take (host or device memory) and owners on the host. What is constexpr here kernels call too.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sparcell/core/errors.h"
#include "sparcell/core/large_array.h"

namespace sparcell {

/// A row-major dense matrix that somebody else owns. `stride` is the distance between rows, in elements.
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  MatrixView() = default;
  MatrixView(T* data, std::int64_t rows, std::int64_t cols) : MatrixView(data, rows, cols, cols) {}
  MatrixView(T* data, std::int64_t rows, std::int64_t cols, std::int64_t stride)
      : data(data), rows(rows), cols(cols), stride(stride) {}
  operator MatrixView<const T>() const { return {data, rows, cols, stride}; }

  constexpr T* row(std::int64_t r) const { return data + r * stride; }
  constexpr T& operator()(std::int64_t r, std::int64_t c) const { return data[r * stride + c]; }
  constexpr std::int64_t size() const { return rows * cols; }
  constexpr bool contiguous() const { return stride == cols; }
  /// Rows [first, first + count).
  MatrixView slice_rows(std::int64_t first, std::int64_t count) const {
    return {data + first * stride, count, cols, stride};
  }
};

/// Compressed sparse rows (cells x genes) that somebody else owns: row r holds the entries
/// offsets[r] .. offsets[r + 1], column indices ascending and unique within a row.
template <class T>
struct CsrView {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  const std::int64_t* offsets = nullptr;
  const std::int32_t* indices = nullptr;
  T* values = nullptr;

  operator CsrView<const T>() const { return {rows, cols, offsets, indices, values}; }
  std::int64_t nonzeros() const { return rows == 0 ? 0 : offsets[rows]; }
};

/// A dense row-major matrix on the host.
template <class T>
struct Matrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<T> values;

  Matrix() = default;
  Matrix(std::int64_t rows, std::int64_t cols, T fill = T{})
      : rows(rows), cols(cols), values(static_cast<std::size_t>(rows * cols), fill) {}
  T& operator()(std::int64_t r, std::int64_t c) { return values[r * cols + c]; }
  const T& operator()(std::int64_t r, std::int64_t c) const { return values[r * cols + c]; }
  MatrixView<T> view() { return {values.data(), rows, cols}; }
  MatrixView<const T> view() const { return {values.data(), rows, cols}; }
};

/// Compressed sparse rows on the host; invariants as CsrView, checked by `validate`.
template <class T>
struct Csr {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<std::int64_t> offsets{0};
  LargeArray<std::int32_t> indices;
  LargeArray<T> values;

  std::int64_t nonzeros() const { return offsets.back(); }
  CsrView<T> view() { return {rows, cols, offsets.data(), indices.data(), values.data()}; }
  CsrView<const T> view() const { return {rows, cols, offsets.data(), indices.data(), values.data()}; }
  std::int64_t bytes() const {
    return static_cast<std::int64_t>(offsets.size() * sizeof(std::int64_t) +
                                     indices.size() * sizeof(std::int32_t) + values.size() * sizeof(T));
  }
};

/// The given rows of `matrix`, in the given order.
Csr<float> take_rows(const Csr<float>& matrix, std::span<const std::int32_t> rows);

/// The columns whose `keep` is true, in order, renumbered from 0.
Csr<float> take_columns(const Csr<float>& matrix, const std::vector<bool>& keep);

}  // namespace sparcell
