// The generator of the GAN: from latent values, and the log library size where it is an input, to cells; the
// output's gates, the moving average of its weights, and what it takes from training cells.
#pragma once

#include <optional>

#include "model/library_sizes.h"
#include "model/network.h"
#include "model/pairs.h"
#include "model/trainable.h"

namespace sparcell {

template <class T>
class Generator {
 public:
  /// Runs at most `capacity` rows at once. What it is `told` of a cell stands beside z.
  Generator(Context& context, const ModelOptions& options, std::int64_t genes, const Told<T>& told,
            std::uint64_t seed, std::int64_t capacity);

  /// What a checkpoint holds: weights, and where the options ask for them their averages and library sizes.
  std::vector<ParameterGroup<T>> groups();
  void initialize(std::uint32_t network);
  /// Gates begin at the genes' shares of non-zeros, values at the means of those; library sizes are taken.
  void begin_from(const TrainingStart& start);

  /// Draws the input of `rows` rows; `index` is 0, or 1 for draws that are counted by critic updates.
  void draw_input(std::int64_t rows, std::uint32_t index, Counter step);
  /// Runs in training mode on the input that was drawn and on the conditions of as many cells, to `out` or,
  /// where that is an empty view, to memory of its own. Numbers of dropout and of the gates' noise: `pass` (0
  /// or 1) and `step`.
  MatrixView<T> run(const Conditions<T>& cells, std::uint32_t pass, Counter step, MatrixView<T> out);

  /// Where the gradient at the cells of the last run goes before `backward`.
  MatrixView<T> grad(std::int64_t rows);
  /// Adds the sparsity term of the last run (unweighted) to *loss, and its gradient where that belongs; then
  /// the way back. Gradients of weights are made beside: join before they are read.
  void backward(MatrixView<const T> cells, std::uint32_t pass, Counter step, double* loss,
                PhaseClock& phases);
  /// After the optimizer moved the weights.
  void update_average(const std::int64_t* step);

  /// Evaluation mode, with the averaged weights where there are some. `input` is rows x input_width(); its
  /// rows are cells number first, first + 1 ... of the sample that `seed` names, with a row of conditions
  /// each where the generator is told them.
  std::int64_t input_width() const { return network_.in(); }
  Matrix<T> generate(const Matrix<T>& input, std::int64_t first, std::uint64_t seed,
                     const Csr<float>& conditions);
  /// The input of those cells.
  Matrix<T> sample_input(std::int64_t first, std::int64_t count, std::uint64_t seed) const;

  /// What the last run computed, which led to `cells`.
  void show_values(MatrixView<const T> cells, const Watch<T>& watch) const;
  void show_gradients(std::int64_t rows, const Watch<T>& watch);

  Arena<T>& parameters() { return parameters_; }
  bool makes_zeros() const;

 private:
  bool hurdles() const { return options_.gan.output == GeneratorOutput::hurdle; }
  bool scales() const { return options_.gan.library == LibraryUse::output; }
  bool averages() const { return options_.gan.weight_average > 0; }
  /// From the network's outputs to cells.
  MatrixView<T> finish(MatrixView<T> outputs, RandomStream noise, std::int64_t first_row,
                       MatrixView<T> cells);
  RandomStream gate_noise(std::uint32_t pass, Counter step) const;
  MatrixView<T> of(const Buffer<T>& buffer, std::int64_t rows, std::int64_t cols) const {
    return {buffer.data(), rows, cols};
  }
  /// The left (values) or right (gates) half of a hurdle's outputs.
  MatrixView<T> half(MatrixView<T> outputs, int which) const {
    return {outputs.data + which * genes_, outputs.rows, genes_, outputs.stride};
  }
  MatrixView<T> sizes(std::int64_t rows) const {
    return {z_.data() + options_.latent, rows, 1, input_width()};
  }
  MatrixView<T> input(std::int64_t rows) const { return of(z_, rows, input_width()); }

  Context& context_;
  const ModelOptions options_;
  const std::int64_t genes_;
  const Told<T> told_;
  const std::uint64_t seed_;
  Arena<T> parameters_, buffers_;
  Arena<T> average_parameters_, average_buffers_, nothing_;
  Network<T> network_;
  std::optional<Network<T>> average_;
  std::optional<LearnedPairs<T>> pairs_, average_pairs_;
  Conditions<T> told_cells_;  ///< in the last run
  std::optional<LibrarySizes<T>> library_;
  typename Network<T>::Tape tape_;
  Buffer<T> z_;
  Buffer<T> unscaled_, cells_, grad_cells_;  ///< where the network's outputs are not the cells yet
  Buffer<T> share_;                          ///< of cells in which a gene is not zero
};

}  // namespace sparcell
