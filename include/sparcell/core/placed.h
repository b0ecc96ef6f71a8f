// Arrays of the host where the ops of a context can reach them: the arrays themselves on the CPU, copies on a
// GPU.
#pragma once

#include <span>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"

namespace sparcell {

/// An array of the host that ops only read; the host's lives as long as this.
template <class T>
class Placed {
 public:
  Placed(Context& context, std::span<const T> host) : host_(host), copied_(context.device().is_cuda()) {
    if (copied_) copy_ = Buffer<T>(context, host);
  }

  std::span<const T> span() const { return copied_ ? std::span<const T>(copy_.span()) : host_; }

 private:
  std::span<const T> host_;
  bool copied_;
  Buffer<T> copy_;
};

/// An array of the host of which ops write every element; the host's lives as long as this.
template <class T>
class PlacedOutput {
 public:
  PlacedOutput(Context& context, std::span<T> host) : host_(host), copied_(context.device().is_cuda()) {
    if (copied_) copy_ = Buffer<T>(context, static_cast<std::int64_t>(host.size()));
  }

  std::span<T> span() const { return copied_ ? copy_.span() : host_; }
  /// Brings what ops wrote to the host's array.
  void take_back() const {
    if (copied_) copy_.download(host_);
  }

 private:
  std::span<T> host_;
  bool copied_;
  Buffer<T> copy_;
};

/// A sparse matrix of the host that ops only read.
class PlacedCsr {
 public:
  PlacedCsr(Context& context, const Csr<float>& x) : PlacedCsr(context, x, x.values) {}
  /// Other values of x's entries.
  PlacedCsr(Context& context, const Csr<float>& x, std::span<const float> values)
      : rows_(x.rows),
        cols_(x.cols),
        offsets_(context, x.offsets),
        indices_(context, x.indices),
        values_(context, values) {}

  CsrView<const float> view() const {
    return {rows_, cols_, offsets_.span().data(), indices_.span().data(), values_.span().data()};
  }
  /// The same entries with other values, where ops can reach them.
  CsrView<const float> view_with(std::span<const float> values) const {
    return {rows_, cols_, offsets_.span().data(), indices_.span().data(), values.data()};
  }

 private:
  std::int64_t rows_, cols_;
  Placed<std::int64_t> offsets_;
  Placed<std::int32_t> indices_;
  Placed<float> values_;
};

}  // namespace sparcell
