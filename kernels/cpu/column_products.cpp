#include "cpu/column_products.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "cpu/wide.h"
#include "sparcell/core/parallel.h"

namespace sparcell::cpu {
namespace {

constexpr std::size_t cache_line = 64;

/// `width` numbers in registers of `register_bytes`. Lanes are named by constants: in a loop over an array of
/// them the compiler goes through memory.
template <class T, std::int64_t width, int register_bytes>
class Block {
  static constexpr int lane_bytes = std::min<int>(register_bytes, width * sizeof(T));
  using Lane __attribute__((vector_size(lane_bytes), aligned(alignof(T)), may_alias)) = T;
  using Indices = std::make_index_sequence<width * sizeof(T) / lane_bytes>;
#define SPARCELL_INLINE __attribute__((always_inline))

 public:
  SPARCELL_INLINE explicit Block(const T* from) { load(reinterpret_cast<const Lane*>(from), Indices{}); }
  SPARCELL_INLINE void store(T* to) const { store(reinterpret_cast<Lane*>(to), Indices{}); }
  /// += factor * x
  SPARCELL_INLINE void add(T factor, const T* x) { add(factor, reinterpret_cast<const Lane*>(x), Indices{}); }
  SPARCELL_INLINE void add(T factor, const Block& x) { add(factor, x.lane_, Indices{}); }
  SPARCELL_INLINE void multiply(T factor) { multiply(factor, Indices{}); }

 private:
  template <std::size_t... I>
  SPARCELL_INLINE void load(const Lane* from, std::index_sequence<I...>) {
    ((lane_[I] = from[I]), ...);
  }
  template <std::size_t... I>
  SPARCELL_INLINE void store(Lane* to, std::index_sequence<I...>) const {
    ((to[I] = lane_[I]), ...);
  }
  template <std::size_t... I>
  SPARCELL_INLINE void add(T factor, const Lane* x, std::index_sequence<I...>) {
    ((lane_[I] += factor * x[I]), ...);
  }
  template <std::size_t... I>
  SPARCELL_INLINE void multiply(T factor, std::index_sequence<I...>) {
    ((lane_[I] *= factor), ...);
  }
#undef SPARCELL_INLINE

  Lane lane_[Indices::size()];
};

constexpr std::int64_t wide = 64, half = 32, narrow = 16;

template <class T>
MatrixView<T> columns_of(MatrixView<T> matrix, std::int64_t first, std::int64_t count) {
  return {matrix.data + first, matrix.rows, count, matrix.stride};
}

/// A copy of a block, of the `width` of blocks: zeros where that is wider. Its rows lie side by side, so that
/// all of them find room in the first-level cache (at a power of two from each other they would not), and
/// begin where its lines do.
template <class T>
class Packed {
 public:
  Packed(std::int64_t rows, std::int64_t width, std::vector<T>& memory) : rows_(rows), width_(width) {
    memory.resize(static_cast<std::size_t>(rows * width) + cache_line / sizeof(T));
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    data_ = memory.data() + (cache_line - address % cache_line) % cache_line / sizeof(T);
    std::fill_n(data_, rows * width, T(0));
  }
  Packed(MatrixView<const T> from, std::int64_t width, std::vector<T>& memory)
      : Packed(from.rows, width, memory) {
    for (std::int64_t r = 0; r < rows_; ++r) std::copy_n(from.row(r), from.cols, view().row(r));
  }
  MatrixView<T> view() const { return {data_, rows_, width_}; }
  void copy_to(MatrixView<T> to) const {
    for (std::int64_t r = 0; r < rows_; ++r) std::copy_n(view().row(r), to.cols, to.row(r));
  }

 private:
  T* data_;
  std::int64_t rows_, width_;
};

/// How wide blocks are: narrower ones where threads would wait for the last of wide ones.
std::int64_t block_width(int threads, std::int64_t cols) {
  const auto of_busiest = [&](std::int64_t width) { return (cols / width + threads - 1) / threads * width; };
  std::int64_t best = wide;
  for (const std::int64_t width : {half, narrow})
    if (of_busiest(width) < of_busiest(best)) best = width;
  return best;
}

/// Calls body(first column, columns, width) for blocks of columns; the last may have fewer than its width.
template <class Body>
void for_each_block(Context& context, std::int64_t cols, Body&& body) {
  const std::int64_t width = block_width(context.threads(), cols), blocks = cols / width,
                     narrows = (cols % width + narrow - 1) / narrow;
  parallel_for(context.threads(), blocks + narrows, 1, [&](std::int64_t b) {
    if (b < blocks) return body(b * width, width, width);
    const std::int64_t first = blocks * width + (b - blocks) * narrow;
    body(first, std::min(narrow, cols - first), narrow);
  });
}

template <class T>
constexpr T zeros[wide] = {};

/// A batch with what is multiplied and what is added to, for blocks of one width.
template <class T>
struct Product {
  BatchColumns<T> x;
  Standardization<T> standard;
  MatrixView<const T> from;
  MatrixView<T> to;
};

// What stands in a loop is no part of an object: a store may be to any of those.

/// product.to is packed.
template <std::int64_t width, class Numbers, class T>
inline __attribute__((always_inline)) void add_products(const Product<T>& product) {
  const Standardization<T> standard = product.standard;
  const MatrixView<const T> weight = product.from;
  const std::int32_t* const cell = product.x.cell;
  const T* const values = product.x.values;
  T* const out = product.to.data;
  Numbers of_means(zeros<T>);
  for (std::int64_t g = 0; g < product.x.cols; ++g) {
    Numbers w(weight.row(g));
    if (!standard.empty()) {
      w.multiply(standard.inverse_scale[g]);
      of_means.add(-standard.mean[g], w);
    }
    const std::int64_t end = product.x.end[g];
    for (std::int64_t k = product.x.begin[g]; k < end; ++k) {
      T* const to = out + cell[k] * width;
      Numbers sum(to);
      sum.add(values[k], w);
      sum.store(to);
    }
  }
  if (standard.empty()) return;
  for (std::int64_t i = 0; i < product.to.rows; ++i) {
    Numbers sum(out + i * width);
    sum.add(T(1), of_means);
    sum.store(out + i * width);
  }
}

/// product.from is packed.
template <std::int64_t width, class Numbers, class T>
inline __attribute__((always_inline)) void add_gradients(const Product<T>& product) {
  const Standardization<T> standard = product.standard;
  const std::int32_t* const cell = product.x.cell;
  const T *const values = product.x.values, *const grad_out = product.from.data;
  const MatrixView<T> grad_weight = product.to;
  Numbers of_all_cells(zeros<T>);
  if (!standard.empty()) {
    for (std::int64_t i = 0; i < product.x.rows; ++i) of_all_cells.add(T(1), grad_out + i * width);
  }
  for (std::int64_t g = 0; g < product.x.cols; ++g) {
    T* const to = grad_weight.row(g);
    const std::int64_t begin = product.x.begin[g], end = product.x.end[g];
    if (standard.empty() && begin == end) continue;
    Numbers sum(standard.empty() ? to : zeros<T>);
    for (std::int64_t k = begin; k < end; ++k) sum.add(values[k], grad_out + cell[k] * width);
    if (!standard.empty()) {
      sum.add(-standard.mean[g], of_all_cells);
      Numbers total(to);
      total.add(standard.inverse_scale[g], sum);
      sum = total;
    }
    sum.store(to);
  }
}

enum class Way { forward, gradient };

template <Way way, std::int64_t width, int register_bytes, class T>
inline __attribute__((always_inline)) void add_block(const Product<T>& product) {
  using Numbers = Block<T, width, register_bytes>;
  way == Way::forward ? add_products<width, Numbers>(product) : add_gradients<width, Numbers>(product);
}
template <Way way, int register_bytes, class T>
inline __attribute__((always_inline)) void add_block(const Product<T>& product) {
  switch (product.to.cols) {
    case wide:
      return add_block<way, wide, register_bytes>(product);
    case half:
      return add_block<way, half, register_bytes>(product);
    default:
      return add_block<way, narrow, register_bytes>(product);
  }
}

#ifdef SPARCELL_HAS_WIDE
SPARCELL_V4 void add_products(const Product<float>& product) { add_block<Way::forward, 64>(product); }
SPARCELL_V4 void add_gradients(const Product<float>& product) { add_block<Way::gradient, 64>(product); }
#endif
SPARCELL_BASE void add_products(const Product<float>& product) { add_block<Way::forward, 32>(product); }
SPARCELL_BASE void add_gradients(const Product<float>& product) { add_block<Way::gradient, 32>(product); }
void add_products(const Product<double>& product) { add_block<Way::forward, 32>(product); }
void add_gradients(const Product<double>& product) { add_block<Way::gradient, 32>(product); }

}  // namespace

template <class T>
void product_with_columns(Context& context, const BatchColumns<T>& x, const Standardization<T>& standard,
                          MatrixView<const T> weight, bool accumulate, MatrixView<T> out) {
  for_each_block(context, out.cols, [&](std::int64_t first, std::int64_t cols, std::int64_t width) {
    static thread_local std::vector<T> sums_memory, weight_memory;
    const MatrixView<T> to = columns_of(out, first, cols);
    const Packed<T> sums = accumulate ? Packed<T>(MatrixView<const T>(to), width, sums_memory)
                                      : Packed<T>(to.rows, width, sums_memory);
    MatrixView<const T> w = columns_of(weight, first, cols);
    if (cols < width) w = Packed<T>(w, width, weight_memory).view();
    add_products(Product<T>{x, standard, w, sums.view()});
    sums.copy_to(to);
  });
}

template <class T>
void gradient_with_columns(Context& context, const BatchColumns<T>& x, const Standardization<T>& standard,
                           MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  for_each_block(context, grad_weight.cols, [&](std::int64_t first, std::int64_t cols, std::int64_t width) {
    static thread_local std::vector<T> read_memory, weight_memory;
    const Packed<T> read(columns_of(grad_out, first, cols), width, read_memory);
    const MatrixView<T> to = columns_of(grad_weight, first, cols);
    if (cols == width) return add_gradients(Product<T>{x, standard, read.view(), to});
    const Packed<T> whole(MatrixView<const T>(to), width, weight_memory);
    add_gradients(Product<T>{x, standard, read.view(), whole.view()});
    whole.copy_to(to);
  });
}

template void product_with_columns(Context&, const BatchColumns<float>&, const Standardization<float>&,
                                   MatrixView<const float>, bool, MatrixView<float>);
template void product_with_columns(Context&, const BatchColumns<double>&, const Standardization<double>&,
                                   MatrixView<const double>, bool, MatrixView<double>);
template void gradient_with_columns(Context&, const BatchColumns<float>&, const Standardization<float>&,
                                    MatrixView<const float>, MatrixView<float>);
template void gradient_with_columns(Context&, const BatchColumns<double>&, const Standardization<double>&,
                                    MatrixView<const double>, MatrixView<double>);

}  // namespace sparcell::cpu
