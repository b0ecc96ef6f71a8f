// What ops that mix cells are held against.
#pragma once

#include "math/philox.h"
#include "ops/op_test.h"
#include "sparcell/ops/mix.h"
#include "support/sparse.h"

namespace sparcell::test {

inline const RandomStream mixed_shares(9, Purpose::augmentation, 0), mixed_draws(9, Purpose::augmentation, 1);

/// By these streams.
template <class T>
Mixing<T> mixing(const GeneValues<T>& other, double probability) {
  return {other, probability, mixed_shares, mixed_draws};
}

/// x gene by gene on the device, zeros left out.
template <class T>
class DeviceGenes {
 public:
  DeviceGenes(Context& context, const Matrix<double>& x) : DeviceGenes(context, x.rows, by_gene(x)) {}
  GeneValues<T> view() const { return {cells_, offsets_.data(), values_.data()}; }

 private:
  struct ByGene {
    std::vector<std::int64_t> offsets{0};
    std::vector<double> values;
  };
  static ByGene by_gene(const Matrix<double>& x) {
    ByGene genes;
    for (std::int64_t c = 0; c < x.cols; ++c) {
      for (std::int64_t r = 0; r < x.rows; ++r) {
        if (x(r, c) != 0) genes.values.push_back(x(r, c));
      }
      genes.offsets.push_back(static_cast<std::int64_t>(genes.values.size()));
    }
    return genes;
  }
  DeviceGenes(Context& context, std::int64_t cells, const ByGene& genes)
      : cells_(cells), offsets_(context, genes.offsets), values_(context, genes.values) {}

  std::int64_t cells_;
  DeviceArray<std::int64_t> offsets_;
  DeviceArray<T> values_;
};

/// By the definition, with the reference as a dense matrix: a gene's cells in an order that has the zeros
/// last.
inline Matrix<double> mixed_by_definition(const Csr<double>& x, const Matrix<double>& reference,
                                          double probability) {
  const math::PhiloxStream share(mixed_shares), draw(mixed_draws);
  Matrix<double> out = dense(x);
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const double p = probability * math::uniform<double>(share.word(static_cast<std::uint64_t>(i)));
    for (std::int64_t g = 0; g < x.cols; ++g) {
      const double u = std::ldexp(draw.word(static_cast<std::uint64_t>(i * x.cols + g)), -32);
      if (u >= p) continue;
      std::vector<double> gene;
      for (std::int64_t r = 0; r < reference.rows; ++r) {
        if (reference(r, g) != 0) gene.push_back(reference(r, g));
      }
      gene.resize(static_cast<std::size_t>(reference.rows));
      out(i, g) = gene[static_cast<std::size_t>(u / p * static_cast<double>(reference.rows))];
    }
  }
  return out;
}

}  // namespace sparcell::test
