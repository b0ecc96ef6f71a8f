// The largest eigenpairs of a large symmetric matrix by block Lanczos (Golub and Underwood 1977) with full
// orthogonalization: what LAPACK reduces to tridiagonal form row by row, on one thread and at the speed of
// memory, becomes products of matrices on all threads. Of a covariance of 5,000 genes, 50 pairs take less
// than half of LAPACK's CPU time.
#pragma once

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "math/philox.h"
#include "sparcell/core/matrix.h"

namespace sparcell::cpu {

class BlockLanczos {
 public:
  /// Few pairs of a large matrix: where the space stays small.
  static bool pays(std::int64_t n, std::int64_t pairs) { return n >= 2000 && 20 * pairs <= n; }

  /// `symmetric` is given by its upper triangle.
  BlockLanczos(int threads, MatrixView<const double> symmetric, std::int64_t pairs)
      : threads_(threads),
        a_(symmetric),
        pairs_(pairs),
        most_(symmetric.rows / 3 / block * block),
        basis_(most_ + block, symmetric.rows),
        projected_(most_, most_) {}

  /// Calls solve(size, matrix, vectors, values) for the largest `pairs` eigenpairs (ascending; `vectors`
  /// pairs x size) of the upper triangle of a small matrix, until all have converged. False where they do not
  /// within a third of the matrix' size, or where the matrix' rank is exhausted before.
  template <class Solve>
  bool run(Solve&& solve) {
    omp_set_num_threads(threads_);
    const math::PhiloxStream stream(RandomStream(0, Purpose::evaluation, 0));
    for (std::int64_t i = 0; i < block * basis_.cols; i += 2) {
      const auto word = static_cast<std::uint64_t>(i);
      math::normal_pair(stream.word(word), stream.word(word + 1), basis_.values[i], basis_.values[i + 1]);
    }
    if (!orthonormalize(0)) return false;
    for (std::int64_t check = std::max<std::int64_t>(256, 4 * pairs_); size_ < most_;) {
      if (!expand()) return false;
      if (size_ < check && size_ < most_) continue;
      check = size_ + size_ / 3;
      if (converged(solve)) return true;
    }
    return false;
  }

  std::span<const double> values() const { return values_; }
  /// pairs x n, in the order of values.
  void vectors(MatrixView<double> out) const {
    product(CblasNoTrans, pairs_, basis_.cols, size_, 1, coefficients_.data(), size_, basis_.values.data(), 0,
            out.data);
  }

 private:
  static constexpr std::int64_t block = 16;   // vectors that meet the matrix at once
  static constexpr double residual = 1e-11;   // |A x - value x|, of the largest eigenvalue
  static constexpr double exhausted = 1e-13;  // of a block's new directions, of the largest of them

  /// out (rows x cols) = alpha a (rows x inner) b + beta out; b is inner x cols, or its transpose.
  static void product(CBLAS_TRANSPOSE transpose, std::int64_t rows, std::int64_t cols, std::int64_t inner,
                      double alpha, const double* a, std::int64_t a_stride, const double* b, double beta,
                      double* out) {
    const auto b_stride = transpose == CblasTrans ? inner : cols;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, transpose, static_cast<int>(rows), static_cast<int>(cols),
                static_cast<int>(inner), alpha, a, static_cast<int>(a_stride), b, static_cast<int>(b_stride),
                beta, out, static_cast<int>(cols));
  }

  double* rows(std::int64_t first) { return basis_.view().row(first); }

  /// Makes rows first .. first + block orthonormal, by Cholesky twice; `lower_` times them is what they were.
  bool orthonormalize(std::int64_t first) {
    const int n = static_cast<int>(basis_.cols), b = static_cast<int>(block);
    lower_ = Matrix<double>(block, block);
    for (std::int64_t i = 0; i < block; ++i) lower_(i, i) = 1;
    for (int pass = 0; pass < 2; ++pass) {
      Matrix<double> gram(block, block);
      cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, b, n, 1, rows(first), n, 0, gram.values.data(), b);
      double largest = 0;
      for (std::int64_t i = 0; i < block; ++i) largest = std::max(largest, gram(i, i));
      for (std::int64_t j = 0; j < block; ++j) {
        for (std::int64_t i = j; i < block; ++i) {
          for (std::int64_t k = 0; k < j; ++k) gram(i, j) -= gram(i, k) * gram(j, k);
          if (i == j && !(gram(j, j) > exhausted * largest)) return false;
          gram(i, j) = i == j ? std::sqrt(gram(j, j)) : gram(i, j) / gram(j, j);
        }
        for (std::int64_t i = 0; i < j; ++i) gram(i, j) = 0;
      }
      cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, b, n, 1,
                  gram.values.data(), b, rows(first), n);
      Matrix<double> both(block, block);
      product(CblasNoTrans, block, block, block, 1, lower_.values.data(), block, gram.values.data(), 0,
              both.values.data());
      lower_ = std::move(both);
    }
    return true;
  }

  /// The last block times the matrix, less what is in the space, becomes the next block.
  bool expand() {
    const int n = static_cast<int>(basis_.cols);
    double* const last = rows(size_);
    double* const next = rows(size_ + block);
    cblas_dsymm(CblasRowMajor, CblasRight, CblasUpper, static_cast<int>(block), n, 1, a_.data,
                static_cast<int>(a_.stride), last, n, 0, next, n);
    size_ += block;
    for (int pass = 0; pass < 2; ++pass) {
      Matrix<double> inside(block, size_);
      product(CblasTrans, block, size_, n, 1, next, n, basis_.values.data(), 0, inside.values.data());
      product(CblasNoTrans, block, n, size_, -1, inside.values.data(), size_, basis_.values.data(), 1, next);
      for (std::int64_t i = 0; i < block; ++i) {
        for (std::int64_t j = 0; j < size_; ++j) projected_(j, size_ - block + i) += inside(i, j);
      }
    }
    return orthonormalize(size_);
  }

  template <class Solve>
  bool converged(Solve&& solve) {
    std::vector<double> matrix(static_cast<std::size_t>(size_ * size_));
    for (std::int64_t r = 0; r < size_; ++r)
      std::copy_n(projected_.view().row(r), size_, matrix.begin() + r * size_);
    values_.assign(static_cast<std::size_t>(size_), 0);
    coefficients_.assign(static_cast<std::size_t>(pairs_ * size_), 0);
    solve(size_, matrix.data(), values_.data(), coefficients_.data());
    values_.resize(static_cast<std::size_t>(pairs_));
    for (std::int64_t p = 0; p < pairs_; ++p) {
      double squares = 0;
      for (std::int64_t j = 0; j < block; ++j) {
        double sum = 0;
        for (std::int64_t i = 0; i < block; ++i)
          sum += coefficients_[p * size_ + size_ - block + i] * lower_(i, j);
        squares += sum * sum;
      }
      if (!(std::sqrt(squares) <= residual * std::abs(values_.back()))) return false;
    }
    return true;
  }

  int threads_;
  MatrixView<const double> a_;
  std::int64_t pairs_, most_, size_ = 0;  ///< `size_` rows of the basis have met the matrix
  Matrix<double> basis_;                  ///< orthonormal rows, block by block
  Matrix<double> projected_;              ///< upper triangle of basis A basis^T
  Matrix<double> lower_;                  ///< of the last block, as it came out of `expand`
  std::vector<double> values_, coefficients_;
};

}  // namespace sparcell::cpu
