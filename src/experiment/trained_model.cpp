#include "experiment/trained_model.h"

#include <algorithm>
#include <cmath>

namespace sparcell {
namespace {

/// Appends the rows of `block` to `all` from row `first` on.
void put_rows(const Matrix<float>& block, std::int64_t first, Matrix<float>& all) {
  std::copy(block.values.begin(), block.values.end(), all.values.begin() + first * all.cols);
}

}  // namespace

TrainedModel::TrainedModel(Context& context, std::string name, const ModelOptions& options,
                           const Csr<float>& x, const Scaler& scaler, std::uint64_t seed)
    : context_(context),
      name_(std::move(name)),
      options_(options),
      scaler_(scaler),
      seed_(seed),
      data_(context, x, scaler),
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

Matrix<float> TrainedModel::decode(const Matrix<float>& latent) { return unscaled(model_->decode(latent)); }

Matrix<float> TrainedModel::unscaled(Matrix<float> out) const {
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
    put_rows(decode(latent), first, out);
  });
  return out;
}

Matrix<float> TrainedModel::generate(std::int64_t first_cell, std::int64_t cells, std::uint64_t seed) {
  Matrix<float> out(cells, data_.genes());
  for_each_block(cells, [&](std::int64_t first, std::int64_t count) {
    put_rows(unscaled(model_->generate(first_cell + first, count, seed)), first, out);
  });
  return out;
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
  if (generates()) {
    judged.generate = [this, deliver](std::int64_t first, MatrixView<float> out) {
      deliver(generate(first, out.rows, seed_), out);
    };
  }
  return judged;
}

}  // namespace sparcell
