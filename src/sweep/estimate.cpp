#include "sweep/estimate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/durations.h"
#include "model/likelihood.h"
#include "sparcell/core/context.h"
#include "sparcell/ops/matmul.h"

namespace sparcell {
namespace {

constexpr double bytes_of_value = 4;
constexpr double bytes_of_nonzero = 8;      // value and column
constexpr double share_of_nonzeros = 0.15;  // of single-cell counts; a denser file needs more
constexpr double copies_while_reading = 2;  // the file's matrix and the selected one
constexpr double arrays_of_parameters = 5;  // values, gradients, two moments, a snapshot of the best
constexpr double passes = 3;                // forward, and backward to inputs and to weights

// What a step takes beside its products: fitted to fifteen models of 20 to 5,000 genes, whose steps it comes
// within a sixth of (tools/bench/MEASURED.md, "What a dry run estimates").
constexpr double seconds_of_layer = 4e-6;  // both ways through one, of however few cells: calls of ops
constexpr double seconds_of_value =
    0.8e-9;  // that a batch has in some layer: normalization, activation, loss
constexpr double seconds_of_parameter = 1e-9;  // that an optimizer's step moves
constexpr double passes_of_input = 2;          // nothing is propagated back to cells
constexpr double cost_of_nonzero = 4;          // of a multiply-add beside one of a dense product

/// One network: widths of its layers from input to output.
struct Widths {
  std::vector<std::int64_t> layers;
  NormalizationLayer normalization = NormalizationLayer::none;
  bool skip = false;             ///< a linear path from input to output
  std::int64_t told = 0;         ///< numbers beside the input: conditions, and products of genes
  bool skip_told = false;        ///< beside the linear path's input, too
  std::int64_t last_beside = 0;  ///< numbers beside the input of the last hidden layer
  bool reads_cells = false;      ///< its first layer reads the data
  double updates = 1;            ///< of its parameters in a step

  std::int64_t weights() const {
    std::int64_t count = skip ? layers.front() * layers.back() : 0;
    for (std::size_t i = 1; i < layers.size(); ++i) count += layers[i - 1] * layers[i];
    count += told * (layers[1] + (skip_told && layers.size() > 2 ? layers.back() : 0));
    return count + last_beside * layers[layers.size() - 2];
  }
  /// Weights, biases, and scale and offset of the normalization of hidden layers.
  std::int64_t parameters() const {
    std::int64_t count = weights();
    for (std::size_t i = 1; i < layers.size(); ++i) {
      const bool normalized = normalization != NormalizationLayer::none && i + 1 < layers.size();
      count += layers[i] * (normalized ? 3 : 1);
    }
    return count;
  }
  std::int64_t activations() const {
    std::int64_t count = 0;
    for (const std::int64_t width : layers) count += width;
    return count;
  }
  std::int64_t layer_count() const { return std::ssize(layers) - 1 + (skip ? 1 : 0); }
  /// Multiply-adds of a training cell in one way through it and back. `share`: of the data's values that
  /// are computed with.
  double products(double share) const {
    const double of_cells = reads_cells ? static_cast<double>(layers[0] * layers[1]) : 0;
    const double of_values = share < 1 ? passes_of_input * cost_of_nonzero * share : passes_of_input;
    return passes * (static_cast<double>(weights()) - of_cells) + of_values * of_cells;
  }
};

Widths network(std::int64_t in, const std::vector<std::int64_t>& hidden, std::int64_t out,
               NormalizationLayer normalization) {
  Widths widths{{in}, normalization};
  widths.layers.insert(widths.layers.end(), hidden.begin(), hidden.end());
  widths.layers.push_back(out);
  return widths;
}

struct Networks {
  std::vector<Widths> networks;
  std::int64_t shared = 0;     ///< parameters beside them
  double passes_of_batch = 1;  ///< times that a training cell goes through them in an epoch
};

/// Of a likelihood, by gene or for all of them.
std::int64_t likelihood_parameters(const ModelOptions& model, std::int64_t genes, std::int64_t groups) {
  if (model.likelihood == LikelihoodType::mse) return 0;
  if (model.likelihood == LikelihoodType::gaussian && model.variance == VarianceOf::shared) return 1;
  return model.by_perturbation() ? groups * genes : genes;
}

Networks autoencoder(const ModelOptions& model, std::int64_t genes, const TableShape& table) {
  const NetworkOptions& options = model.network;
  const bool variational = model.type == ModelType::vae;
  const std::vector<std::int64_t> mirrored(options.hidden.rbegin(), options.hidden.rend());
  const std::int64_t features = genes + (model.of_counts() ? 1 : 0), products = model.conditioning.products();
  Networks all;
  all.networks.push_back(network(features, options.hidden, model.latent, options.normalization));
  if (variational)  // the second head
    all.networks.push_back(network(options.hidden.empty() ? features : options.hidden.back(), {},
                                   model.latent, options.normalization));
  all.networks.push_back(
      network(model.latent, mirrored, decoder_outputs(model, genes), options.normalization));
  Widths &encoder = all.networks.front(), &decoder = all.networks.back();
  encoder.reads_cells = true;
  encoder.skip = decoder.skip = decoder.skip_told = model.skip;
  decoder.told = table.conditions + products;
  if (model.conditioning.encoder) {
    encoder.told = decoder.told;
    encoder.skip_told = model.skip && !variational;  // a VAE's linear path leads to a head, past its encoder
  }
  all.shared = products * table.gene_width + likelihood_parameters(model, genes, table.groups);
  return all;
}

/// How long a model trains.
struct Duration {
  double steps = 0, cells = 0;  ///< cells of all batches
};

Duration duration(const TrainOptions& train, double training_cells) {
  const double batches = std::max(1.0, std::ceil(training_cells / static_cast<double>(train.batch)));
  const double epochs = train.steps == 0 ? static_cast<double>(train.epochs)
                                         : std::ceil(static_cast<double>(train.steps) / batches);
  return {epochs * batches, epochs * training_cells};
}

Networks gan(const ModelOptions& model, std::int64_t genes, const TableShape& table) {
  const GanOptions& options = model.gan;
  const std::int64_t products = model.conditioning.products();
  Networks all;
  all.networks.push_back(network(
      model.latent + (options.library == LibraryUse::none ? 0 : 1), options.generator.hidden,
      options.output == GeneratorOutput::hurdle ? 2 * genes : genes, options.generator.normalization));
  all.networks.push_back(network(genes, options.critic.hidden, 1, options.critic.normalization));
  for (Widths& widths : all.networks) widths.told = table.conditions + products;
  all.networks.back().last_beside = options.minibatch == MinibatchStatistic::none ? 0 : 1;
  all.shared = 2 * products * table.gene_width;  // a matrix each
  all.networks.back().updates = static_cast<double>(options.critic_steps);
  const double penalty =
      options.gradient_penalty.weight > 0 ? 2 : 0;  // its backward and second backward pass
  all.passes_of_batch = static_cast<double>(options.critic_steps) * (2 + penalty) / 2 + 1;
  return all;
}

}  // namespace

Estimate estimate(const Experiment& experiment, const DataOutline& data, const DataShape& shape) {
  const auto cells = static_cast<double>(data.cells);
  Estimate estimate;
  double largest_model = 0;
  for (std::size_t m = 0; m < experiment.model.size(); ++m) {
    const ModelOptions& model = experiment.model[m].second;
    const Networks all = model.type == ModelType::gan ? gan(model, shape.genes, shape.tables[m])
                                                      : autoencoder(model, shape.genes, shape.tables[m]);
    const Duration training = duration(model.train, cells * experiment.split.train);
    const double share = experiment.normalize.standardize ? 1 : share_of_nonzeros;
    std::int64_t parameters = all.shared, activations = 0;
    for (const Widths& widths : all.networks) {
      parameters += widths.parameters();
      activations += widths.activations();
      TrainingWork& work = estimate.training;
      work.products += all.passes_of_batch * widths.products(share) * training.cells;
      work.values += all.passes_of_batch * static_cast<double>(widths.activations()) * training.cells;
      work.layers += all.passes_of_batch * static_cast<double>(widths.layer_count()) * training.steps;
      work.parameters += widths.updates * static_cast<double>(widths.parameters()) * training.steps;
    }
    estimate.parameters += parameters;
    constexpr double arrays_of_activations = 3;  // before and after the activation, gradient
    largest_model =
        std::max(largest_model, bytes_of_value * (arrays_of_parameters * static_cast<double>(parameters) +
                                                  arrays_of_activations * static_cast<double>(activations) *
                                                      static_cast<double>(model.train.batch)));
  }
  const double nonzeros = share_of_nonzeros * cells * static_cast<double>(data.genes);
  estimate.memory_bytes = copies_while_reading * bytes_of_nonzero * nonzeros + largest_model;
  return estimate;
}

double product_rate(int threads) {
  constexpr std::int64_t rows = 128, inner = 1024, cols = 256;  // a batch through a first layer
  constexpr int rounds = 5, repeats = 4;                        // the fastest: others may be at work, too
  Context context({}, threads);
  const Matrix<float> a(rows, inner), b(inner, cols);
  Matrix<float> c(rows, cols);
  const auto multiply = [&] {
    matmul<float>(context, Transpose::no, Transpose::no, a.view(), b.view(), 0.0f, c.view());
  };
  multiply();
  double seconds = std::numeric_limits<double>::infinity();
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) multiply();
    seconds = std::min(seconds, seconds_since(start));
  }
  return static_cast<double>(repeats * rows * inner * cols) / seconds;
}

double seconds_of(const TrainingWork& work, double rate, std::int64_t threads) {
  const double of_arrays = work.values * seconds_of_value + work.parameters * seconds_of_parameter;
  return work.products / rate + of_arrays / static_cast<double>(threads) + work.layers * seconds_of_layer;
}

}  // namespace sparcell
