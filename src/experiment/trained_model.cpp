#include "experiment/trained_model.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace sparcell {
namespace {

/// Controls that a predicted mean is taken over: as many as make its error small beside that of a few hundred
/// perturbed cells.
constexpr std::size_t most_controls = 1024;

/// Appends the rows of `block` to `all` from row `first` on.
void put_rows(const Matrix<float>& block, std::int64_t first, Matrix<float>& all) {
  std::copy(block.values.begin(), block.values.end(), all.values.begin() + first * all.cols);
}

}  // namespace

TrainedModel::TrainedModel(Context& context, std::string name, const ModelOptions& options,
                           const Csr<float>& x, const Scaler& scaler, std::uint64_t seed,
                           ConditionTable conditions)
    : context_(context),
      name_(std::move(name)),
      options_(options),
      scaler_(scaler),
      seed_(seed),
      conditions_(std::move(conditions)),
      data_(context, x, scaler, conditions_.of_cells()),
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
  if (scaler_.empty()) return out;
  for (std::int64_t r = 0; r < out.rows; ++r) {
    for (std::int64_t g = 0; g < out.cols; ++g) out(r, g) = out(r, g) * scaler_.scale[g] + scaler_.mean[g];
  }
  return out;
}

Matrix<float> TrainedModel::reconstruct(std::span<const std::int32_t> cells, bool draw) {
  Matrix<float> out(static_cast<std::int64_t>(cells.size()), data_.genes());
  const bool drawn = draw && options_.type == ModelType::vae;
  for_each_block(out.rows, [&](std::int64_t first, std::int64_t count) {
    const auto block = cells.subspan(first, count);
    Matrix<float> latent = encode_block(block, false);
    if (drawn) {
      const Matrix<float> log_variance = encode_block(block, true);
      for (std::int64_t r = 0; r < latent.rows; ++r) {
        const auto noise =
            draw_normals<float>(RandomStream(seed_, Purpose::latent, 2), block[r] * latent.cols, latent.cols);
        for (std::int64_t c = 0; c < latent.cols; ++c)
          latent(r, c) += std::exp(0.5f * log_variance(r, c)) * noise[c];
      }
    }
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
    put_rows(decode(encode_block(block, false), conditions_.perturbed(block, parts, who)), first, out);
  });
  return out;
}

std::vector<float> TrainedModel::predicted_mean(const Dataset& data, std::int32_t perturbation) {
  const std::vector<std::int32_t>& all = conditions_.controls();
  std::vector<std::int32_t> controls;  // evenly spaced among all
  const std::size_t count = std::min(all.size(), most_controls);
  for (std::size_t i = 0; i < count; ++i) controls.push_back(all[i * all.size() / count]);
  const Matrix<float> cells = predict(controls, data.perturbations.parts[perturbation]);
  std::vector<double> sums(static_cast<std::size_t>(cells.cols));
  for (std::int64_t r = 0; r < cells.rows; ++r) {
    for (std::int64_t g = 0; g < cells.cols; ++g) sums[g] += cells(r, g);
  }
  std::vector<float> mean;
  for (const double sum : sums) mean.push_back(static_cast<float>(sum / static_cast<double>(cells.rows)));
  return mean;
}

Matrix<float> TrainedModel::generate(std::int64_t first_cell, std::int64_t cells, std::uint64_t seed) {
  Matrix<float> out(cells, data_.genes());
  for_each_block(cells, [&](std::int64_t first, std::int64_t count) {
    Matrix<float> z(count, options_.latent);
    z.values = draw_normals<float>(RandomStream(seed, Purpose::generate), (first_cell + first) * z.cols,
                                   z.rows * z.cols);
    put_rows(decode(z, drawn_conditions(first_cell + first, count, seed)), first, out);
  });
  return out;
}

/// Of a training cell for each of the generated cells first ... first + count.
Csr<float> TrainedModel::drawn_conditions(std::int64_t first, std::int64_t count, std::uint64_t seed) const {
  if (conditions_.empty()) return {};
  const std::vector<std::int32_t>& from = conditions_.trained();
  require(!from.empty(), "model {}: no training cells to draw conditions of", name_);
  std::vector<std::int32_t> cells;
  for (const double u : draw_uniforms(RandomStream(seed, Purpose::generate, 1), first, count))
    cells.push_back(from[static_cast<std::size_t>(u * static_cast<double>(from.size()))]);
  return take_rows(conditions_.of_cells(), cells);
}

JudgedModel TrainedModel::judged(const Dataset& data) {
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
    judged.predict = [this, &data](std::int32_t perturbation) { return predicted_mean(data, perturbation); };
  }
  if (generates()) {
    judged.generate = [this, deliver](std::int64_t first, MatrixView<float> out) {
      deliver(generate(first, out.rows, seed_), out);
    };
  }
  return judged;
}

}  // namespace sparcell
