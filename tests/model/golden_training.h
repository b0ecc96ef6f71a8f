// Training steps that PyTorch made (tools/golden/training.py), and how ours are compared with them.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hdf5/file.h"
#include "model/trainable.h"

namespace sparcell::testing {

using Tensor = std::vector<double>;

/// One golden file: options, data, start and end.
class GoldenTraining {
 public:
  explicit GoldenTraining(const std::string& name)
      : file_(hdf5::File::open("tests/golden/training_" + name + ".h5")) {
    const auto shape = file_.dataset("data/shape").read<std::int64_t>();
    x_.rows = shape[0];
    x_.cols = shape[1];
    x_.offsets = file_.dataset("data/offsets").read<std::int64_t>();
    x_.indices = large_array(file_.dataset("data/indices").read<std::int32_t>());
    x_.values = large_array(file_.dataset("data/values").read<float>());
    order_ = file_.dataset("order").read<std::int32_t>();
    read_options();
    if (file_.exists("condition")) conditions_ = read_rows("condition");
    if (file_.exists("genes")) genes_ = read_rows("genes");
  }

  const Csr<float>& x() const { return x_; }
  /// Of the cells; no columns where the model is told none.
  const Csr<float>& conditions() const { return conditions_; }
  template <class T>
  DeviceData<T> device_data(Context& context) const {
    if (!options_.of_counts()) return DeviceData<T>(context, x_, Scaler{}, conditions_, genes_);
    const RawCounts raw{.values = large_array(file_.dataset("data/counts").read<float>()),
                        .library = file_.dataset("data/library").read<double>(),
                        .target_sum = file_.number("target_sum"),
                        .log1p = true};
    CellGroups groups{.count = groups_, .of_cell = {}};
    for (std::int64_t cell = 0; groups_ > 1 && cell < x_.rows; ++cell)
      groups.of_cell.push_back(static_cast<std::int32_t>(cell % groups_));
    return DeviceData<T>(context, raw, x_, conditions_, groups);
  }
  /// As if all cells were training cells. Means and deviations come with the initial tensors.
  TrainingStart start() const {
    const auto genes = static_cast<std::size_t>(x_.cols);
    TrainingStart start;
    start.mean.assign(genes, 0);
    start.deviation.assign(genes, 1);
    start.rate.assign(genes, 1);
    start.dispersion.assign(static_cast<std::size_t>(groups_) * genes, 1);
    start.genes.rows = x_.cols;
    start.genes.cols = x_.rows;
    for (std::int32_t gene = 0; gene < x_.cols; ++gene) {
      for (std::size_t k = 0; k < x_.values.size(); ++k) {
        if (x_.indices[k] != gene) continue;
        start.genes.values.push_back(x_.values[k]);
        const auto cell =
            std::upper_bound(x_.offsets.begin(), x_.offsets.end(), static_cast<std::int64_t>(k));
        start.genes.indices.push_back(static_cast<std::int32_t>(cell - x_.offsets.begin()) - 1);
      }
      start.genes.offsets.push_back(static_cast<std::int64_t>(start.genes.values.size()));
    }
    if (file_.exists("controls")) start.controls = file_.dataset("controls").read<std::int32_t>();
    return start;
  }
  const std::vector<std::int32_t>& order() const { return order_; }
  const ModelOptions& options() const { return options_; }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(file_.integer("seed")); }
  std::int64_t batch() const { return file_.integer("batch"); }
  std::int64_t steps() const { return file_.integer("steps"); }
  const hdf5::File& file() const { return file_; }

  std::vector<double> kl_weights() const {
    return file_.exists("kl_weight") ? file_.dataset("kl_weight").read<double>() : std::vector<double>{};
  }
  Tensor tensor(const std::string& path) const { return file_.dataset(path).read<double>(); }
  bool has(const std::string& path) const { return file_.exists(path); }

  /// Names of the loss parts and their values by step.
  std::vector<std::string> loss_names() const {
    std::vector<std::string> names;
    const std::string joined = file_.dataset("losses").text("names");
    for (std::size_t from = 0; from <= joined.size();) {
      const std::size_t to = std::min(joined.find(',', from), joined.size());
      names.push_back(joined.substr(from, to - from));
      from = to + 1;
    }
    return names;
  }

 private:
  template <class Enum>
  Enum word(const std::string& attribute) const {
    const std::string text = file_.text(attribute);
    for (std::size_t i = 0; i < std::size(Names<Enum>::values); ++i) {
      if (Names<Enum>::values[i] == text) return static_cast<Enum>(i);
    }
    throw InternalError("golden file: {} is {}", attribute, text);
  }
  NetworkOptions network(const std::string& prefix) const {
    return {.hidden = file_.integers(prefix + "hidden"),
            .normalization = word<NormalizationLayer>(prefix + "normalization"),
            .activation = word<Activation>(prefix + "activation"),
            .slope = file_.number(prefix + "slope"),
            .dropout = file_.numbers(prefix + "dropout")};
  }
  OptimizerOptions optimizer(const std::string& prefix) const {
    return {.type = word<OptimizerType>(prefix + ".type"),
            .learning_rate = file_.number(prefix + ".learning_rate"),
            .betas = file_.numbers(prefix + ".betas"),
            .weight_decay = file_.number(prefix + ".weight_decay")};
  }
  void read_options() {
    options_.type = word<ModelType>("type");
    options_.latent = file_.integer("latent");
    options_.train.batch = batch();
    if (file_.has_attribute("rank")) {
      options_.conditioning.combine = GeneCombination::learned;
      options_.conditioning.rank = file_.integer("rank");
    }
    if (options_.type == ModelType::gan) {
      read_gan_options();
      return;
    }
    options_.network = network("");
    options_.decoder_dropout = file_.numbers("decoder_dropout");
    options_.reconstruction_reduction = word<Reduction>("reduction");
    if (file_.has_attribute("skip")) {
      options_.skip = file_.integer("skip") != 0;
      options_.output = word<OutputActivation>("output");
      options_.input = {.standardize = file_.integer("standardize") != 0, .mix = file_.number("mix")};
    }
    if (file_.has_attribute("conditions")) {
      options_.condition = {"perturbation"};
      options_.conditioning.encoder = file_.integer("condition_encoder") != 0;
      options_.conditioning.control_input = file_.number("control_input");
    }
    if (options_.type == ModelType::vae) options_.kl.reduction = word<Reduction>("kl_reduction");
    if (file_.has_attribute("likelihood")) {
      options_.likelihood = word<LikelihoodType>("likelihood");
      options_.variance = word<VarianceOf>("variance");
      options_.library = word<LibrarySource>("library");
      options_.kl.free_bits = file_.number("free_bits");
      if (file_.has_attribute("rates")) options_.rates = word<RateLink>("rates");
    }
    if (file_.has_attribute("groups")) {
      options_.dispersion = DispersionOf::gene_perturbation;
      groups_ = file_.integer("groups");
    }
    options_.train.optimizer = optimizer("optimizer");
    options_.train.clip_norm = file_.number("clip_norm");
  }
  Csr<float> read_rows(const std::string& name) const {
    const auto shape = file_.dataset(name).shape();
    const std::vector<float> dense = file_.dataset(name).read<float>();
    Csr<float> rows;
    rows.cols = shape[1];
    for (std::int64_t r = 0; r < shape[0]; ++r) {
      for (std::int64_t c = 0; c < rows.cols; ++c) {
        const float value = dense[static_cast<std::size_t>(r * rows.cols + c)];
        if (value == 0) continue;
        rows.indices.push_back(static_cast<std::int32_t>(c));
        rows.values.push_back(value);
      }
      rows.offsets.push_back(static_cast<std::int64_t>(rows.values.size()));
      ++rows.rows;
    }
    return rows;
  }
  void read_gan_options() {
    GanOptions& gan = options_.gan;
    gan.generator = network("generator.");
    gan.critic = network("critic.");
    gan.loss = word<GanLoss>("loss");
    gan.critic_steps = file_.integer("critic_steps");
    gan.label_smoothing = file_.number("label_smoothing");
    gan.instance_noise = file_.number("instance_noise");
    gan.latent_draw = word<LatentDraw>("latent_draw");
    gan.gradient_penalty = {file_.number("penalty_weight"), file_.number("penalty_target"),
                            word<PenaltyOn>("penalty_on")};
    gan.spectral_norm = file_.integer("spectral_norm") != 0;
    gan.spectral_iterations = word<SpectralIterations>("spectral_iterations");
    gan.sparsity.weight = file_.number("sparsity_weight");
    if (file_.has_attribute("conditions")) options_.condition = {"perturbation"};
    if (file_.has_attribute("minibatch")) gan.minibatch = word<MinibatchStatistic>("minibatch");
    if (file_.has_attribute("output")) {
      gan.output = word<GeneratorOutput>("output");
      gan.library = word<LibraryUse>("library");
    }
    if (file_.has_attribute("sparsity_term")) {
      gan.sparsity.term = word<SparsityTerm>("sparsity_term");
      gan.gate_temperature = file_.number("gate_temperature");
      gan.weight_average = file_.number("weight_average");
    }
    options_.train.generator = optimizer("generator_optimizer");
    options_.train.critic = optimizer("critic_optimizer");
  }

  hdf5::File file_;
  Csr<float> x_, conditions_, genes_;
  std::vector<std::int32_t> order_;
  ModelOptions options_;
  std::int64_t groups_ = 1;
};

}  // namespace sparcell::testing
