// Products with a batch by columns (which cells have gene g?). For blocks of 64 outputs, 64 numbers stay in
// registers while the cells of a gene pass by, and what they touch - 64 outputs of every cell - stays in the
// first-level cache: 2.5 times (forward) and 5 times (gradient) as fast as walking along the rows of the
// batch. Threads take blocks of outputs, so no two write to the same place, and sums run over genes (forward)
// or cells (gradient) in one order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "sparcell/core/matrix.h"
#include "sparcell/core/parallel.h"

namespace sparcell::cpu {

/// Gene g has values[k] in the cells cell[k] of the batch, begin[g] <= k < end[g]; cells ascend.
template <class T>
struct BatchColumns {
  std::int64_t rows = 0, cols = 0;
  std::int64_t *begin = nullptr, *end = nullptr;  ///< of `cols` genes
  std::int32_t* cell = nullptr;
  T* values = nullptr;
};

/// `width` numbers in registers. Lanes are named by constants: in a loop over an array of them the compiler
/// goes through memory.
template <class T, std::int64_t width>
class Block {
  static constexpr int lane_bytes = 32;
  using Lane __attribute__((vector_size(lane_bytes), aligned(alignof(T)), may_alias)) = T;
  using Indices = std::make_index_sequence<width * sizeof(T) / lane_bytes>;

 public:
  explicit Block(const T* from) { load(reinterpret_cast<const Lane*>(from), Indices{}); }
  void store(T* to) const { store(reinterpret_cast<Lane*>(to), Indices{}); }
  /// += factor * x
  void add(T factor, const T* x) { add(factor, reinterpret_cast<const Lane*>(x), Indices{}); }
  void add(T factor, const Block& x) { add(factor, x.lane_, Indices{}); }
  void multiply(T factor) { multiply(factor, Indices{}); }

 private:
  template <std::size_t... I>
  void load(const Lane* from, std::index_sequence<I...>) {
    ((lane_[I] = from[I]), ...);
  }
  template <std::size_t... I>
  void store(Lane* to, std::index_sequence<I...>) const {
    ((to[I] = lane_[I]), ...);
  }
  template <std::size_t... I>
  void add(T factor, const Lane* x, std::index_sequence<I...>) {
    ((lane_[I] += factor * x[I]), ...);
  }
  template <std::size_t... I>
  void multiply(T factor, std::index_sequence<I...>) {
    ((lane_[I] *= factor), ...);
  }

  Lane lane_[Indices::size()];
};

inline constexpr std::int64_t wide = 64, narrow = 16;

template <class T>
MatrixView<T> columns_of(MatrixView<T> matrix, std::int64_t first, std::int64_t count) {
  return {matrix.data + first, matrix.rows, count, matrix.stride};
}

/// A copy of fewer columns than a narrow block has, as wide as one; zeros beside them.
template <class T>
class Padded {
 public:
  Padded(MatrixView<const T> from, std::vector<T>& memory) : memory_(memory), rows_(from.rows) {
    memory_.assign(static_cast<std::size_t>(rows_ * narrow), T(0));
    for (std::int64_t r = 0; r < rows_; ++r) std::copy_n(from.row(r), from.cols, view().row(r));
  }
  MatrixView<T> view() const { return {memory_.data(), rows_, narrow}; }
  void copy_to(MatrixView<T> to) const {
    for (std::int64_t r = 0; r < rows_; ++r) std::copy_n(view().row(r), to.cols, to.row(r));
  }

 private:
  std::vector<T>& memory_;
  std::int64_t rows_;
};

template <std::int64_t width>
using Width = std::integral_constant<std::int64_t, width>;

/// Calls body(from, to, Width) for blocks of the same columns of both, of which it changes the latter.
template <class T, class Body>
void for_each_block(Context& context, MatrixView<const T> from, MatrixView<T> to, Body&& body) {
  const std::int64_t wides = to.cols / wide, narrows = to.cols % wide / narrow, rest = to.cols % narrow;
  parallel_for(context.threads(), wides + narrows + (rest > 0 ? 1 : 0), 1, [&](std::int64_t b) {
    if (b < wides) {
      body(columns_of(from, b * wide, wide), columns_of(to, b * wide, wide), Width<wide>{});
    } else if (b < wides + narrows) {
      const std::int64_t first = wides * wide + (b - wides) * narrow;
      body(columns_of(from, first, narrow), columns_of(to, first, narrow), Width<narrow>{});
    } else {
      static thread_local std::vector<T> read_memory, changed_memory;
      const MatrixView<T> last = columns_of(to, to.cols - rest, rest);
      const Padded<T> read(columns_of(from, to.cols - rest, rest), read_memory),
          changed(last, changed_memory);
      body(MatrixView<const T>(read.view()), changed.view(), Width<narrow>{});
      changed.copy_to(last);
    }
  });
}

/// The standardization of genes; empty: none.
template <class T>
struct Standardization {
  std::span<const T> mean{}, inverse_scale{};
  bool empty() const { return mean.empty(); }
};

template <class T>
inline constexpr T zeros[wide] = {};

/// Adds the products of a block of outputs.
template <std::int64_t width, class T>
void add_products(const BatchColumns<T>& x, const Standardization<T>& standard, MatrixView<const T> weight,
                  MatrixView<T> out) {
  using Numbers = Block<T, width>;
  Numbers of_means(zeros<T>);
  for (std::int64_t g = 0; g < x.cols; ++g) {
    Numbers w(weight.row(g));
    if (!standard.empty()) {
      w.multiply(standard.inverse_scale[g]);
      of_means.add(-standard.mean[g], w);
    }
    for (std::int64_t k = x.begin[g]; k < x.end[g]; ++k) {
      T* const to = out.row(x.cell[k]);
      Numbers sum(to);
      sum.add(x.values[k], w);
      sum.store(to);
    }
  }
  if (standard.empty()) return;
  for (std::int64_t i = 0; i < out.rows; ++i) {
    Numbers sum(out.row(i));
    sum.add(T(1), of_means);
    sum.store(out.row(i));
  }
}

/// Adds the gradients of a block of weights.
template <std::int64_t width, class T>
void add_gradients(const BatchColumns<T>& x, const Standardization<T>& standard, MatrixView<const T> grad_out,
                   MatrixView<T> grad_weight) {
  using Numbers = Block<T, width>;
  Numbers of_all_cells(zeros<T>);
  if (!standard.empty()) {
    for (std::int64_t i = 0; i < x.rows; ++i) of_all_cells.add(T(1), grad_out.row(i));
  }
  for (std::int64_t g = 0; g < x.cols; ++g) {
    T* const to = grad_weight.row(g);
    if (standard.empty() && x.begin[g] == x.end[g]) continue;
    Numbers sum(standard.empty() ? to : zeros<T>);
    for (std::int64_t k = x.begin[g]; k < x.end[g]; ++k) sum.add(x.values[k], grad_out.row(x.cell[k]));
    if (!standard.empty()) {
      sum.add(-standard.mean[g], of_all_cells);
      Numbers total(to);
      total.add(standard.inverse_scale[g], sum);
      sum = total;
    }
    sum.store(to);
  }
}

/// out = standardized x times weight, or += where `accumulate`.
template <class T>
void product_with_columns(Context& context, const BatchColumns<T>& x, const Standardization<T>& standard,
                          MatrixView<const T> weight, bool accumulate, MatrixView<T> out) {
  for_each_block<T>(context, weight, out, [&](MatrixView<const T> w, MatrixView<T> to, auto width) {
    if (!accumulate) {
      for (std::int64_t i = 0; i < to.rows; ++i) std::fill_n(to.row(i), to.cols, T(0));
    }
    add_products<width>(x, standard, w, to);
  });
}

/// grad_weight += standardized x, transposed, times grad_out.
template <class T>
void gradient_with_columns(Context& context, const BatchColumns<T>& x, const Standardization<T>& standard,
                           MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  for_each_block<T>(context, grad_out, grad_weight, [&](MatrixView<const T> g, MatrixView<T> to, auto width) {
    add_gradients<width>(x, standard, g, to);
  });
}

}  // namespace sparcell::cpu
