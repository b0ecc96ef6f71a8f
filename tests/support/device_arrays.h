// Arrays on the device that a test runs on. Inputs are uploaded, outputs are poisoned, and both lie between
// guards (matrices also have guards between their rows), so that a test sees what was not written and what
// was written beside it. Test bodies name no device: the environment variable SPARCELL_TEST_DEVICE does.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"
#include "sparcell/ops/batch.h"

namespace sparcell::test {

inline Context test_context(int threads = 1) {
  const char* device = std::getenv("SPARCELL_TEST_DEVICE");
  return Context(find_device(device == nullptr ? "cpu" : device), threads);
}

/// A matrix on the device. Poison has every bit set: NaN as a floating-point number, -1 as an integer.
template <class T>
class DeviceMatrix {
  static_assert(std::is_arithmetic_v<T>);

 public:
  /// An output.
  DeviceMatrix(Context& context, std::int64_t rows, std::int64_t cols)
      : rows_(rows), cols_(cols), buffer_(context, 2 * margin + rows * stride()) {
    std::vector<T> host(static_cast<std::size_t>(buffer_.size()));
    std::memset(host.data(), 0xff, host.size() * sizeof(T));
    buffer_.upload(host);
  }
  /// An input, or what an op adds to; values are rounded to T.
  template <class U>
  DeviceMatrix(Context& context, const Matrix<U>& values) : DeviceMatrix(context, values.rows, values.cols) {
    std::vector<T> host = buffer_.to_host();
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = 0; c < cols_; ++c) host[at(r, c)] = static_cast<T>(values(r, c));
    }
    buffer_.upload(host);
  }
  ~DeviceMatrix() { check_guards(); }
  DeviceMatrix(DeviceMatrix&&) = delete;

  MatrixView<T> view() const { return {buffer_.data() + margin, rows_, cols_, stride()}; }
  operator MatrixView<T>() const { return view(); }
  operator MatrixView<const T>() const { return view(); }

  Matrix<T> to_host() const {
    const std::vector<T> host = buffer_.to_host();
    Matrix<T> out(rows_, cols_);
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = 0; c < cols_; ++c) out(r, c) = host[at(r, c)];
    }
    return out;
  }

 private:
  static constexpr std::int64_t margin = 16;  // 64 bytes of f32, so that the first row keeps its alignment
  static constexpr std::int64_t padding = 3;  // behind each row; no row but the first is aligned

  std::int64_t stride() const { return cols_ + padding; }
  std::size_t at(std::int64_t r, std::int64_t c) const {
    return static_cast<std::size_t>(margin + r * stride() + c);
  }

  void check_guards() const {
    const std::vector<T> host = buffer_.to_host();
    std::vector<bool> inside(host.size(), false);
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = 0; c < cols_; ++c) inside[at(r, c)] = true;
    }
    unsigned char poison[sizeof(T)];
    std::memset(poison, 0xff, sizeof poison);
    for (std::size_t i = 0; i < host.size(); ++i) {
      if (inside[i] || std::memcmp(&host[i], poison, sizeof poison) == 0) continue;
      ADD_FAILURE() << "written beside a " << rows_ << " x " << cols_ << " matrix: element "
                    << static_cast<std::int64_t>(i) - margin << " from its start at a stride of " << stride();
      return;
    }
  }

  std::int64_t rows_, cols_;
  Buffer<T> buffer_;
};

/// An array on the device, as a matrix of one row.
template <class T>
class DeviceArray {
 public:
  /// An output.
  DeviceArray(Context& context, std::int64_t size) : matrix_(context, 1, size) {}
  /// An input, or what an op adds to.
  template <class U, class Allocator>
  DeviceArray(Context& context, const std::vector<U, Allocator>& values) : matrix_(context, row_of(values)) {}

  T* data() const { return matrix_.view().data; }
  std::span<T> span() const { return {data(), static_cast<std::size_t>(matrix_.view().cols)}; }
  operator std::span<T>() const { return span(); }
  operator std::span<const T>() const { return span(); }

  std::vector<T> to_host() const { return matrix_.to_host().values; }
  T value() const { return to_host().at(0); }  ///< of an array of one number

 private:
  template <class U, class Allocator>
  static Matrix<U> row_of(const std::vector<U, Allocator>& values) {
    Matrix<U> row(1, static_cast<std::int64_t>(values.size()));
    row.values.assign(values.begin(), values.end());
    return row;
  }

  DeviceMatrix<T> matrix_;
};

/// A sparse matrix on the device.
template <class T>
class DeviceCsr {
 public:
  template <class U>
  DeviceCsr(Context& context, const Csr<U>& x)
      : rows_(x.rows),
        cols_(x.cols),
        offsets_(context, x.offsets),
        indices_(context, x.indices),
        values_(context, x.values) {}

  operator CsrView<const T>() const { return CsrView<T>(*this); }
  operator CsrView<T>() const { return {rows_, cols_, offsets_.data(), indices_.data(), values_.data()}; }
  std::vector<T> values() const { return values_.to_host(); }

 private:
  std::int64_t rows_, cols_;
  DeviceArray<std::int64_t> offsets_;
  DeviceArray<std::int32_t> indices_;
  DeviceArray<T> values_;
};

/// The rows of batch `batch` of an order that is cut into batches of `stride` rows.
class DeviceBatch {
 public:
  DeviceBatch(Context& context, const std::vector<std::int32_t>& order)
      : DeviceBatch(context, order, 0, static_cast<std::int64_t>(order.size())) {}
  DeviceBatch(Context& context, const std::vector<std::int32_t>& order, std::int64_t batch,
              std::int64_t stride)
      : order_(context, order),
        batch_(context, std::vector<std::int64_t>{batch}),
        stride_(stride),
        count_(std::min(stride, static_cast<std::int64_t>(order.size()) - batch * stride)) {}

  operator BatchRows() const { return {order_.data(), batch_.data(), stride_, count_}; }

 private:
  DeviceArray<std::int32_t> order_;
  DeviceArray<std::int64_t> batch_;
  std::int64_t stride_, count_;
};

}  // namespace sparcell::test
