#include "experiment/trained_model.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "math/philox.h"

namespace sparcell {
namespace {

/// Controls that a predicted mean is taken over: as many as make its error small beside that of a few hundred
/// perturbed cells.
constexpr std::size_t most_controls = 1024;

/// Stream of Purpose::generate that says whose conditions a generated cell has.
constexpr std::uint32_t drawn_conditions_stream = 16;

/// Appends the rows of `block` to `all` from row `first` on.
void put_rows(const Matrix<float>& block, std::int64_t first, Matrix<float>& all) {
  std::copy(block.values.begin(), block.values.end(), all.values.begin() + first * all.cols);
}

DeviceData<float> device_data(Context& context, const std::string& name, const ModelOptions& options,
                              const Dataset& data, const Scaler& scaler, const ConditionTable& conditions) {
  if (!options.of_counts())
    return DeviceData<float>(context, data.x, scaler, conditions.of_cells(), conditions.part_genes());
  if (!data.raw.known()) {
    throw DataError(
        "model.{}.likelihood {} needs counts, but {} of {} is used as it is (normalize: none); let normalize "
        "begin from counts",
        name, name_of(options.likelihood), data.matrix, data.source);
  }
  return DeviceData<float>(context, data.raw, data.x, conditions.of_cells(), conditions.groups(),
                           conditions.part_genes());
}

double log_sum_exp(std::span<const double> values) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += std::exp(value - largest);
  return largest + std::log(sum);
}

enum LatentStream : std::uint32_t { judged_draws = 2, likelihood_draws = 3, mixture_draws = 4 };

}  // namespace

TrainedModel::TrainedModel(Context& context, std::string name, const ModelOptions& options,
                           const Dataset& data, const Scaler& scaler, std::uint64_t seed,
                           ConditionTable conditions)
    : context_(context),
      name_(std::move(name)),
      options_(options),
      scaler_(scaler),
      seed_(seed),
      conditions_(std::move(conditions)),
      cells_(data),
      data_(device_data(context, name_, options, data, scaler, conditions_)),
      model_(make_model<float>(context, options, data_, seed)) {}

template <class Block>
void TrainedModel::for_each_block(std::int64_t count, Block&& block) {
  for (std::int64_t first = 0; first < count; first += model_->capacity()) {
    block(first, std::min(model_->capacity(), count - first));
  }
}

Matrix<float> TrainedModel::encode_block(std::span<const std::int32_t> cells, bool log_variance) {
  const Buffer<std::int32_t> rows(context_, cells);
  const BatchRows batch{
      .order = rows.data(), .batch = nullptr, .stride = 0, .count = static_cast<std::int64_t>(cells.size())};
  return log_variance ? model_->encode_log_variance(data_, batch) : model_->encode(data_, batch);
}

Matrix<float> TrainedModel::encode(std::span<const std::int32_t> cells) {
  Matrix<float> latent(static_cast<std::int64_t>(cells.size()), options_.latent);
  for_each_block(latent.rows, [&](std::int64_t first, std::int64_t count) {
    put_rows(encode_block(cells.subspan(first, count), false), first, latent);
  });
  return latent;
}

Matrix<float> TrainedModel::decode(const Matrix<float>& latent, const Csr<float>& conditions) {
  Matrix<float> out = model_->decode(latent, conditions);
  undo_scaling(out);
  return out;
}

void TrainedModel::undo_scaling(Matrix<float>& values) const {
  if (scaler_.empty() || options_.of_counts()) return;  // counts were never scaled
  for (std::int64_t r = 0; r < values.rows; ++r) {
    for (std::int64_t g = 0; g < values.cols; ++g)
      values(r, g) = values(r, g) * scaler_.scale[g] + scaler_.mean[g];
  }
}

Matrix<float> TrainedModel::draw_posterior(std::span<const std::int32_t> cells, std::uint32_t stream,
                                           std::int64_t draw, const Matrix<float>& mean,
                                           const Matrix<float>& log_variance) const {
  Matrix<float> z = mean;
  for (std::int64_t r = 0; r < z.rows; ++r) {
    const auto noise = draw_normals<float>(RandomStream(seed_, Purpose::latent, stream, nullptr, draw),
                                           cells[r] * z.cols, z.cols);
    for (std::int64_t c = 0; c < z.cols; ++c) z(r, c) += std::exp(0.5f * log_variance(r, c)) * noise[c];
  }
  return z;
}

Matrix<float> TrainedModel::reconstruct(std::span<const std::int32_t> cells, bool draw) {
  Matrix<float> out(static_cast<std::int64_t>(cells.size()), data_.genes());
  const bool drawn = draw && options_.type == ModelType::vae;
  for_each_block(out.rows, [&](std::int64_t first, std::int64_t count) {
    const auto block = cells.subspan(first, count);
    Matrix<float> latent = encode_block(block, false);
    if (drawn) latent = draw_posterior(block, judged_draws, 0, latent, encode_block(block, true));
    put_rows(decode(latent, conditions_of(block)), first, out);
  });
  return out;
}

Csr<float> TrainedModel::conditions_of(std::span<const std::int32_t> cells) const {
  return conditions_.empty() ? Csr<float>{} : take_rows(conditions_.of_cells(), cells);
}

Matrix<float> TrainedModel::predict(std::span<const std::int32_t> controls,
                                    std::span<const std::string> parts) {
  const std::string who = fmt::format("model {}: {}", name_, fmt::join(parts, "+"));
  Matrix<float> out(std::ssize(controls), data_.genes());
  for_each_block(out.rows, [&](std::int64_t first, std::int64_t count) {
    const auto block = controls.subspan(first, count);
    const Csr<float> told = conditions_.perturbed(block, parts, who);
    if (options_.type == ModelType::gan) {
      Matrix<float> cells = model_->generate(first, count, seed_, told);
      undo_scaling(cells);
      return put_rows(cells, first, out);
    }
    put_rows(decode(encode_block(block, false), told), first, out);
  });
  return out;
}

std::vector<float> TrainedModel::predicted_mean(std::int32_t perturbation) {
  const std::vector<std::int32_t>& all = conditions_.controls();
  std::vector<std::int32_t> controls;  // evenly spaced among all
  const std::size_t count = std::min(all.size(), most_controls);
  for (std::size_t i = 0; i < count; ++i) controls.push_back(all[i * all.size() / count]);
  const Matrix<float> cells = predict(controls, cells_.perturbations.parts[perturbation]);
  std::vector<double> sums(static_cast<std::size_t>(cells.cols));
  for (std::int64_t r = 0; r < cells.rows; ++r) {
    for (std::int64_t g = 0; g < cells.cols; ++g) sums[g] += cells(r, g);
  }
  std::vector<float> mean;
  for (const double sum : sums) mean.push_back(static_cast<float>(sum / static_cast<double>(cells.rows)));
  return mean;
}

/// log p(x, z) - log q(z | x) of each draw: its mean is the ELBO, and the logarithm of the mean of its
/// exponentials a bound that more draws make tighter.
CellLikelihoods TrainedModel::likelihood(std::span<const std::int32_t> cells, std::int64_t draws) {
  CellLikelihoods result;
  for_each_block(std::ssize(cells), [&](std::int64_t first, std::int64_t count) {
    const auto block = cells.subspan(first, count);
    const Buffer<std::int32_t> rows(context_, block);
    const BatchRows batch{.order = rows.data(), .batch = nullptr, .stride = 0, .count = count};
    const Matrix<float> mean = encode_block(block, false), log_variance = encode_block(block, true);
    Matrix<double> weights(count, draws);
    std::vector<double> reconstruction(static_cast<std::size_t>(count));
    for (std::int64_t draw = 0; draw < draws; ++draw) {
      const Matrix<float> z = draw_posterior(block, likelihood_draws, draw, mean, log_variance);
      const std::vector<double> logs = model_->log_likelihood(data_, batch, z);
      for (std::int64_t r = 0; r < count; ++r) {
        double prior_over_posterior = 0;
        for (std::int64_t c = 0; c < z.cols; ++c) {
          const double deviation = std::exp(0.5 * log_variance(r, c)),
                       noise = (z(r, c) - mean(r, c)) / deviation;
          prior_over_posterior +=
              0.5 * (noise * noise - static_cast<double>(z(r, c)) * z(r, c) + log_variance(r, c));
        }
        weights(r, draw) = logs[r] + prior_over_posterior;
        reconstruction[r] += logs[r] / static_cast<double>(draws);
      }
    }
    for (std::int64_t r = 0; r < count; ++r) {
      double kl = 0;
      for (std::int64_t c = 0; c < mean.cols; ++c) {
        const double m = mean(r, c), v = log_variance(r, c);
        kl += 0.5 * (std::exp(v) + m * m - 1 - v);
      }
      const std::span<const double> own(weights.view().row(r), static_cast<std::size_t>(draws));
      result.iwelbo.push_back(log_sum_exp(own) - std::log(static_cast<double>(draws)));
      result.reconstruction.push_back(reconstruction[r]);
      result.kl.push_back(kl);
    }
  });
  return result;
}

bool needs_training_cells(const ModelOptions& options, SampleFrom from) {
  if (options.type != ModelType::vae) return false;
  return from == SampleFrom::mixture || (options.of_counts() && options.library == LibrarySource::observed);
}

void TrainedModel::know_training_cells(std::span<const std::int32_t> cells) {
  training_cells_ = {cells.begin(), cells.end()};
  const bool mixes = options_.type == ModelType::vae && options_.sample.from == SampleFrom::mixture;
  if (mixes && !training_cells_.empty()) check_components();  // samples from the prior need no cells
}

void TrainedModel::check_components() const {
  const auto cells = std::ssize(training_cells_);
  if (options_.sample.components <= cells) return;
  throw DataError(
      "model.{}.sample.components is {}, but there are only {} training cells to fit a mixture to", name_,
      options_.sample.components, cells);
}

/// Of one draw from every training cell's posterior: where the decoder has learnt to stand.
const GaussianMixture& TrainedModel::mixture() {
  if (mixture_) return *mixture_;
  check_components();
  const auto cells = std::ssize(training_cells_);
  Matrix<float> latent(cells, options_.latent);
  for_each_block(cells, [&](std::int64_t first, std::int64_t count) {
    const auto block = std::span<const std::int32_t>(training_cells_).subspan(first, count);
    put_rows(draw_posterior(block, mixture_draws, 0, encode_block(block, false), encode_block(block, true)),
             first, latent);
  });
  mixture_ = fit_mixture(context_, latent, options_.sample.components, seed_);
  return *mixture_;
}

Matrix<float> TrainedModel::generate(std::int64_t first_cell, std::int64_t cells, std::uint64_t seed,
                                     SampleFrom from) {
  require(!needs_training_cells(options_, from) || !training_cells_.empty(),
          "{} generates without training cells", name_);
  const bool mixed = options_.type == ModelType::vae && from == SampleFrom::mixture;
  const bool observed = options_.of_counts() && options_.library == LibrarySource::observed;
  Matrix<float> out(cells, data_.genes());
  for_each_block(cells, [&](std::int64_t first, std::int64_t count) {
    const std::int64_t start = first_cell + first;
    if (options_.type == ModelType::gan) {
      Matrix<float> block =
          model_->generate(start, count, seed, conditions_of(drawn_cells(start, count, seed)));
      undo_scaling(block);
      return put_rows(block, first, out);
    }
    Matrix<float> z(count, options_.latent);
    z.values = draw_normals<float>(RandomStream(seed, Purpose::generate), start * z.cols, z.rows * z.cols);
    if (mixed) mixture().move(seed, start, z);
    std::vector<double> log_library;
    const math::PhiloxStream like(RandomStream(seed, Purpose::generate, 4));
    for (std::int64_t r = 0; observed && r < count; ++r) {
      const std::uint64_t word = like.word(static_cast<std::uint64_t>(start + r));
      const double library = cells_.raw.library[training_cells_[word * training_cells_.size() >> 32]];
      log_library.push_back(DeviceData<float>::log_library(library, cells_.raw.target_sum));
    }
    const std::vector<std::int32_t> like_cells = drawn_cells(start, count, seed);
    Matrix<float> block =
        model_->draw(z, log_library, groups_of(like_cells), seed, start, conditions_of(like_cells));
    undo_scaling(block);
    put_rows(block, first, out);
  });
  return out;
}

/// A training cell for each of the generated cells first ... first + count, whose conditions and dispersions
/// it has; none where that makes no difference.
std::vector<std::int32_t> TrainedModel::drawn_cells(std::int64_t first, std::int64_t count,
                                                    std::uint64_t seed) const {
  if (!needs_table(options_)) return {};
  const std::vector<std::int32_t>& from = conditions_.trained();
  require(!from.empty(), "model {}: no training cells to draw conditions of", name_);
  std::vector<std::int32_t> cells;
  for (const double u :
       draw_uniforms(RandomStream(seed, Purpose::generate, drawn_conditions_stream), first, count))
    cells.push_back(from[static_cast<std::size_t>(u * static_cast<double>(from.size()))]);
  return cells;
}

std::vector<std::int32_t> TrainedModel::groups_of(std::span<const std::int32_t> cells) const {
  std::vector<std::int32_t> groups;
  if (conditions_.groups().of_cell.empty()) return groups;
  for (const std::int32_t cell : cells) groups.push_back(conditions_.groups().of_cell[cell]);
  return groups;
}

JudgedModel TrainedModel::judged() {
  JudgedModel judged;
  judged.name = name_;
  judged.type = options_.type;
  judged.latent = options_.latent;
  const auto deliver = [this](const Matrix<float>& block, MatrixView<float> out) {
    for (std::int64_t r = 0; r < block.rows; ++r) {
      context_.memory().copy_to_device(out.row(r), block.values.data() + r * block.cols,
                                       block.cols * sizeof(float));
    }
  };
  if (options_.type != ModelType::gan) {
    judged.encode = [this](std::span<const std::int32_t> cells) { return encode(cells); };
    judged.reconstruct = [this, deliver](std::span<const std::int32_t> cells, MatrixView<float> out) {
      deliver(reconstruct(cells, true), out);
    };
  }
  if (options_.type == ModelType::vae) {
    judged.reconstruct_at_mean = [this, deliver](std::span<const std::int32_t> cells, MatrixView<float> out) {
      deliver(reconstruct(cells, false), out);
    };
  }
  if (predicts()) {
    judged.predict = [this](std::int32_t perturbation) { return predicted_mean(perturbation); };
  }
  if (options_.likelihood != LikelihoodType::mse) {
    judged.likelihood = [this](std::span<const std::int32_t> cells, std::int64_t draws) {
      return likelihood(cells, draws);
    };
    judged.of_counts = options_.of_counts();
  }
  if (generates()) {
    judged.generate = [this, deliver](std::int64_t first, MatrixView<float> out) {
      deliver(generate(first, out.rows, seed_), out);
    };
  }
  return judged;
}

}  // namespace sparcell
