// Cells that a trained model makes: generated ones, and real ones as they would be under a perturbation.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiment/trained_model.h"
#include "math/philox.h"

namespace sparcell {
namespace {

/// Stream of Purpose::generate that says whose conditions a generated cell has.
constexpr std::uint32_t drawn_conditions_stream = 16;

constexpr std::uint32_t mixture_draws = 4;  ///< of Purpose::latent

/// Whether a cell has what is chosen.
bool has(const Dataset& data, std::int32_t cell, const ChosenConditions& chosen) {
  if (chosen.parts) {
    const std::int32_t p = data.perturbations.of_cell[cell];
    if (p < 0 || data.perturbations.parts[p] != *chosen.parts) return false;
  }
  return std::all_of(chosen.levels.begin(), chosen.levels.end(), [&](const auto& level) {
    const Column* column = data.cells.find(level.first);
    return column != nullptr && column->text(cell) == level.second;
  });
}

void append(const DrawnCounts<float>& drawn, MadeCounts& made) {
  const Matrix<float>& counts = drawn.counts;
  for (std::int64_t r = 0; r < counts.rows; ++r) {
    for (std::int64_t g = 0; g < counts.cols; ++g) {
      if (counts(r, g) == 0) continue;
      made.counts.indices.push_back(static_cast<std::int32_t>(g));
      made.counts.values.push_back(counts(r, g));
    }
    made.counts.offsets.push_back(std::ssize(made.counts.values));
  }
  made.counts.rows += counts.rows;
  made.counts.cols = counts.cols;
  made.library.insert(made.library.end(), drawn.library.begin(), drawn.library.end());
  made.size_factor.insert(made.size_factor.end(), drawn.size_factor.begin(), drawn.size_factor.end());
}

}  // namespace

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

bool TrainedModel::knows_dispersions(const std::vector<std::string>& parts) const {
  return !options_.by_perturbation() || conditions_.group_of(parts);
}

Matrix<float> TrainedModel::predict(std::span<const std::int32_t> cells,
                                    const std::vector<std::string>& parts, std::uint64_t seed,
                                    MadeCounts* counts) {
  const ChosenConditions chosen{.parts = parts, .levels = {}};
  const bool draws = counts != nullptr && options_.of_counts() && knows_dispersions(parts);
  Matrix<float> out(std::ssize(cells), data_.genes());
  for_each_block(out.rows, [&](std::int64_t first, std::int64_t count) {
    const auto block = cells.subspan(first, count);
    const Csr<float> told =
        conditions_.told(block, chosen, fmt::format("model {}: {}", name_, fmt::join(parts, "+")));
    if (options_.type == ModelType::gan) {
      Matrix<float> made = model_->generate(first, count, seed, told);
      undo_scaling(made);
      return put_rows(made, first, out);
    }
    const Matrix<float> latent = encode_block(block, false);
    put_rows(decode(latent, told), first, out);
    if (!draws) return;
    DrawnCounts<float> drawn;
    model_->draw(latent, log_libraries(block), groups_of(block, chosen), seed, first, told, &drawn);
    append(drawn, *counts);
  });
  return out;
}

Matrix<float> TrainedModel::generate(std::int64_t first_cell, std::int64_t cells, const SampleKey& key,
                                     MadeCounts* counts) {
  require(!needs_training_cells(options_, key.from) || !training_cells_.empty(),
          "{} generates without training cells", name_);
  const bool mixed = options_.type == ModelType::vae && key.from == SampleFrom::mixture;
  Matrix<float> out(cells, data_.genes());
  for_each_block(cells, [&](std::int64_t first, std::int64_t count) {
    const std::int64_t start = first_cell + first;
    const std::vector<std::int32_t> like = drawn_cells(start, count, key);
    const Csr<float> told = conditions_of(like, key.chosen);
    if (options_.type == ModelType::gan) {
      Matrix<float> block = model_->generate(start, count, key.seed, told);
      undo_scaling(block);
      return put_rows(block, first, out);
    }
    Matrix<float> z(count, options_.latent);
    z.values =
        draw_normals<float>(RandomStream(key.seed, Purpose::generate), start * z.cols, z.rows * z.cols);
    if (mixed) mixture().move(key.seed, start, z);
    std::vector<double> log_library;
    if (observes_library())
      log_library = log_libraries(like.empty() ? drawn_libraries(start, count, key.seed) : like);
    DrawnCounts<float> drawn;
    Matrix<float> block = model_->draw(z, log_library, groups_of(like, key.chosen), key.seed, start, told,
                                       counts == nullptr ? nullptr : &drawn);
    undo_scaling(block);
    put_rows(block, first, out);
    if (counts != nullptr && options_.of_counts()) append(drawn, *counts);
  });
  return out;
}

std::vector<double> TrainedModel::log_libraries(std::span<const std::int32_t> cells) const {
  std::vector<double> logs;
  for (const std::int32_t cell : cells) {
    if (observes_library())
      logs.push_back(DeviceData<float>::log_library(cells_.raw.library[cell], cells_.raw.target_sum));
  }
  return logs;
}

/// Training cells whose library sizes generated cells have where nothing else ties them to cells.
std::vector<std::int32_t> TrainedModel::drawn_libraries(std::int64_t first, std::int64_t count,
                                                        std::uint64_t seed) const {
  const math::PhiloxStream like(RandomStream(seed, Purpose::generate, 4));
  std::vector<std::int32_t> cells;
  for (std::int64_t r = 0; r < count; ++r) {
    const std::uint64_t word = like.word(static_cast<std::uint64_t>(first + r));
    cells.push_back(training_cells_[word * training_cells_.size() >> 32]);
  }
  return cells;
}

std::vector<std::int32_t> TrainedModel::drawn_cells(std::int64_t first, std::int64_t count,
                                                    const SampleKey& key) const {
  conditions_of({}, key.chosen);  // refuses what cannot be chosen
  if (!needs_table(options_)) return {};
  std::vector<std::int32_t> from;
  for (const std::int32_t cell : conditions_.trained()) {
    if (has(cells_, cell, key.chosen)) from.push_back(cell);
  }
  if (from.empty()) from = conditions_.trained();
  require(!from.empty(), "model {}: no training cells to draw conditions of", name_);
  std::vector<std::int32_t> cells;
  for (const double u :
       draw_uniforms(RandomStream(key.seed, Purpose::generate, drawn_conditions_stream), first, count))
    cells.push_back(from[static_cast<std::size_t>(u * static_cast<double>(from.size()))]);
  return cells;
}

std::vector<std::int32_t> TrainedModel::groups_of(std::span<const std::int32_t> cells,
                                                  const ChosenConditions& chosen) const {
  std::vector<std::int32_t> groups;
  if (conditions_.groups().of_cell.empty()) return groups;
  if (!chosen.parts) {
    for (const std::int32_t cell : cells) groups.push_back(conditions_.groups().of_cell[cell]);
    return groups;
  }
  const std::optional<std::int32_t> group = conditions_.group_of(*chosen.parts);
  if (!group) {
    throw DataError("model {}: no training cell has the perturbation {}, whose dispersions cannot be known",
                    name_, name_of_parts(*chosen.parts));
  }
  groups.assign(cells.size(), *group);
  return groups;
}

}  // namespace sparcell
