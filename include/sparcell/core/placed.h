// Arrays of the host where the ops of a context can reach them: the arrays themselves on the CPU, copies on a
// GPU.
#pragma once

#include <span>
#include <type_traits>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"

namespace sparcell {

/// An array of the host that lives as long as this; T is const for what ops only read.
template <class T>
class Placed {
  using Element = std::remove_const_t<T>;

 public:
  Placed(Context& context, std::span<T> host) : host_(host), copied_(context.device().is_cuda()) {
    if (copied_) copy_ = Buffer<Element>(context, std::span<const Element>(host));
  }

  std::span<T> span() const { return copied_ ? copy_.span() : host_; }
  /// Brings what ops wrote to the host's array.
  void take_back() const requires(!std::is_const_v<T>) {
    if (copied_) copy_.download(host_);
  }

 private:
  std::span<T> host_;
  bool copied_;
  Buffer<Element> copy_;
};

/// A sparse matrix of the host; T is const where its values are only read.
template <class T>
class PlacedCsr {
  using Host = std::conditional_t<std::is_const_v<T>, const Csr<std::remove_const_t<T>>, Csr<T>>;

 public:
  PlacedCsr(Context& context, Host& x)
      : rows_(x.rows),
        cols_(x.cols),
        offsets_(context, x.offsets),
        indices_(context, x.indices),
        values_(context, x.values) {}

  CsrView<T> view() const {
    return {rows_, cols_, offsets_.span().data(), indices_.span().data(), values_.span().data()};
  }
  /// Brings the values that ops wrote to the host's matrix.
  void take_back() const requires(!std::is_const_v<T>) { values_.take_back(); }

 private:
  std::int64_t rows_, cols_;
  Placed<const std::int64_t> offsets_;
  Placed<const std::int32_t> indices_;
  Placed<T> values_;
};

}  // namespace sparcell
