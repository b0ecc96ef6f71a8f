#include "experiment/trained_model.h"

#include <algorithm>
#include <cmath>

namespace sparcell {
namespace {

/// Controls that a predicted mean is taken over: as many as make its error small beside that of a few hundred
/// perturbed cells.
constexpr std::size_t most_controls = 1024;

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

enum LatentStream : std::uint32_t { judged_draws = 2, likelihood_draws = 3 };

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

Csr<float> TrainedModel::conditions_of(std::span<const std::int32_t> cells,
                                       const ChosenConditions& chosen) const {
  if (chosen.any()) return conditions_.told(cells, chosen, fmt::format("model {}", name_));
  return conditions_.empty() ? Csr<float>{} : take_rows(conditions_.of_cells(), cells);
}

std::vector<float> TrainedModel::predicted_mean(std::int32_t perturbation) {
  const std::vector<std::int32_t>& all = conditions_.controls();
  std::vector<std::int32_t> controls;  // evenly spaced among all
  const std::size_t count = std::min(all.size(), most_controls);
  for (std::size_t i = 0; i < count; ++i) controls.push_back(all[i * all.size() / count]);
  const Matrix<float> cells = predict(controls, cells_.perturbations.parts[perturbation], seed_);
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
