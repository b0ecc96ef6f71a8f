#include "model/pairs.h"

#include <cmath>

#include "core/first_integers.h"
#include "sparcell/ops/pair_products.h"
#include "sparcell/ops/random.h"
#include "sparcell/ops/sparse_linear.h"

namespace sparcell {
namespace {

/// Of initialization's streams the first, behind those of the networks.
constexpr std::uint32_t pairs_number = 16;

}  // namespace

template <class T>
LearnedPairs<T>::LearnedPairs(Context& context, const std::string& name, const Told<T>& told,
                              std::int64_t capacity, int batches, Arena<T>& parameters)
    : genes_(told.genes),
      rank_(told.products),
      parameters_(parameters),
      weight_(parameters.add_matrix(name, rank_, genes_.cols, true)),
      q_(context, genes_.rows * rank_),
      squares_(context, genes_.rows * rank_),
      with_sums_(context, genes_.rows * rank_),
      plain_(context, genes_.rows * rank_) {
  all_ = Buffer<std::int32_t>(context, first_integers(genes_.rows));
  for (int batch = 0; batch < batches; ++batch) {
    Tape& tape = tapes_.emplace_back();
    for (Buffer<T>* buffer : {&tape.sums, &tape.scratch, &tape.products, &tape.grad})
      *buffer = Buffer<T>(context, capacity * rank_);
  }
}

template <class T>
void LearnedPairs<T>::initialize(std::uint64_t seed, bool alike, std::uint32_t number) {
  Context host;
  const auto size = static_cast<std::size_t>(rank_ * genes_.cols);
  const T bound = alike ? T(1) : static_cast<T>(1 / std::sqrt(static_cast<double>(genes_.cols)));
  std::vector<T> values(size);
  fill_uniform<T>(host, RandomStream(seed, Purpose::initialization, pairs_number + number), -bound, bound,
                  values);
  for (std::size_t i = 0; alike && i < size; ++i)
    values[i] = values[i - i % static_cast<std::size_t>(genes_.cols)];
  parameters_.write(weight_, values);
}

template <class T>
void LearnedPairs<T>::put(Context& context, int batch, Conditions<T>& told) {
  const std::int64_t n = told.rows.count;
  const Tape& tape = tapes_[batch];
  const MatrixView<T> q = of_genes(q_), squares = of_genes(squares_), sums = of_cells(tape.sums, n);
  sparse_linear<T>(context, genes_, all_genes(), parameters_.matrix(weight_), q);
  elementwise_product<T>(context, q, q, squares);
  sparse_linear<T>(context, told.parts, told.rows, q, sums);
  sparse_linear<T>(context, told.parts, told.rows, squares, of_cells(tape.scratch, n));
  told.pairs = of_cells(tape.products, n);
  told.grad_pairs = of_cells(tape.grad, n);
  copy(context, batch, of_cells(tape.products, n));
}

template <class T>
void LearnedPairs<T>::copy(Context& context, int batch, MatrixView<T> out) const {
  const Tape& tape = tapes_[batch];
  pair_products<T>(context, of_cells(tape.sums, out.rows), of_cells(tape.scratch, out.rows), out);
}

template <class T>
void LearnedPairs<T>::backward(Context& context, int batch, const Conditions<T>& told) {
  const std::int64_t n = told.rows.count;
  const Tape& tape = tapes_[batch];
  const MatrixView<T> grad = of_cells(tape.grad, n), with_sums = of_cells(tape.scratch, n);
  elementwise_product<T>(context, grad, of_cells(tape.sums, n), with_sums);
  with_sums_.set_zero();
  plain_.set_zero();
  sparse_linear_weight_gradient<T>(context, told.parts, told.rows, with_sums, of_genes(with_sums_));
  sparse_linear_weight_gradient<T>(context, told.parts, told.rows, grad, of_genes(plain_));
  pair_products_backward<T>(context, of_genes(q_), of_genes(with_sums_), of_genes(plain_),
                            of_genes(with_sums_));
  sparse_linear_weight_gradient<T>(context, genes_, all_genes(), of_genes(with_sums_),
                                   parameters_.matrix_gradient(weight_));
}

template class LearnedPairs<float>;
template class LearnedPairs<double>;

}  // namespace sparcell
