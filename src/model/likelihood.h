// What a VAE's decoder says of cells, where that is more than their mean: the distribution of their counts or
// values, with the parameters that all cells share.
#pragma once

#include <span>
#include <vector>

#include "model/arena.h"
#include "model/device_data.h"
#include "model/trainable.h"
#include "model/training_start.h"
#include "sparcell/model.h"
#include "sparcell/ops/likelihood.h"

namespace sparcell {

/// The columns of the decoder's output layer.
std::int64_t decoder_outputs(const ModelOptions& options, std::int64_t genes);

template <class T>
class Likelihood {
 public:
  /// Adds its tensor, `log_dispersion` or `log_variance`. `capacity` rows at most.
  Likelihood(Context& context, const ModelOptions& options, const DeviceData<T>& data, std::int64_t capacity,
             Arena<T>& parameters);

  /// Dispersions and the decoder's output bias from moments of the training cells' counts; gates nearly shut.
  /// Variances of values begin at 1.
  void begin_from(const TrainingStart& start, int output_bias);

  /// The loss is minus the log-likelihood of the rows at the decoder's outputs, which are lost; with a
  /// `gradient` that at the outputs, and the shared parameters' is added to theirs.
  void add_loss(const DeviceData<T>& data, MatrixView<T> outputs, const BatchRows& rows, LossTerm loss,
                MatrixView<T> gradient, std::span<double> cell_losses = {});

  /// The decoder's outputs become what the functions below take: with `rates: softmax` logarithms of shares,
  /// in place; else they stay.
  void to_rates(MatrixView<T> outputs) const;

  /// Expected values of genes, in the space of expression, at outputs with rates.
  Matrix<T> expected(const Matrix<T>& outputs) const;
  /// Values drawn, row by row: see Trainable::draw, with the `counts` that they are of where those are asked
  /// for.
  Matrix<T> draw(const Matrix<T>& outputs, std::span<const double> log_library,
                 std::span<const std::int32_t> groups, std::uint64_t seed, std::int64_t first,
                 DrawnCounts<T>* counts) const;

 private:
  CountForm form() const {
    return {.gate = options_.likelihood == LikelihoodType::zinb,
            .library = options_.library == LibrarySource::decoded};
  }
  bool shares() const { return options_.rates == RateLink::softmax; }
  /// Of the genes, in a matrix of outputs.
  template <class U>
  MatrixView<U> of_genes(MatrixView<U> outputs) const {
    return {outputs.data, outputs.rows, genes_, outputs.stride};
  }
  struct DrawnCell {
    double library;  ///< counts that it was to have
    double total;    ///< counts that it has; of genes that were not selected, where some were not, as many as
                     ///< the decoded ones leave of the library
  };
  DrawnCell draw_counts(const T* outputs, double log_library, std::span<const double> dispersion,
                        std::uint64_t seed, std::int64_t cell, T* counts) const;

  Context& context_;
  const ModelOptions& options_;
  const std::int64_t genes_;
  const bool log1p_;
  const double target_sum_;
  const bool whole_libraries_;
  Arena<T>& parameters_;
  const std::int64_t groups_;  ///< of cells with dispersions of their own
  const int shared_;           ///< tensor of the dispersions (groups x genes, or genes) or variances
  Buffer<T> by_shared_;        ///< their gradient, entry by entry
  Buffer<T> sums_;             ///< and by gene, where one variance is shared by all
};

}  // namespace sparcell
