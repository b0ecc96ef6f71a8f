#include "evaluate/generation_baselines.h"

#include <algorithm>
#include <cmath>

#include "evaluate/verdict.h"
#include "math/draw_count.h"
#include "math/philox.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

RandomStream stream_of(std::uint64_t seed, std::uint32_t baseline) {
  return RandomStream(seed, Purpose::evaluation, evaluation_baseline + baseline);
}

void write_row(const Csr<float>& x, std::int32_t cell, std::span<float> row) {
  std::fill(row.begin(), row.end(), 0.0f);
  for (std::int64_t p = x.offsets[cell]; p < x.offsets[cell + 1]; ++p) row[x.indices[p]] = x.values[p];
}

}  // namespace

Centroids training_centroids(const Dataset& data, std::span<const std::int32_t> train) {
  const auto count = static_cast<std::int64_t>(data.perturbations.names.size());
  Centroids centroids{Matrix<double>(count, data.gene_count()),
                      std::vector<std::int64_t>(static_cast<std::size_t>(count))};
  if (!data.perturbations.known()) return centroids;
  for (std::int32_t cell : train) {
    const std::int32_t p = data.perturbations.of_cell[cell];
    if (p < 0) continue;
    ++centroids.cells[p];
    double* const sum = centroids.means.view().row(p);
    for (std::int64_t k = data.x.offsets[cell]; k < data.x.offsets[cell + 1]; ++k)
      sum[data.x.indices[k]] += data.x.values[k];
  }
  for (std::int64_t p = 0; p < count; ++p) {
    for (std::int64_t g = 0; g < data.gene_count() && centroids.cells[p] > 0; ++g)
      centroids.means(p, g) /= static_cast<double>(centroids.cells[p]);
  }
  return centroids;
}

std::vector<double> mean_centroid(const Centroids& centroids) {
  std::vector<double> sum(static_cast<std::size_t>(centroids.means.cols));
  double count = 0;
  for (std::int64_t p = 1; p < centroids.means.rows; ++p) {
    if (centroids.cells[p] == 0) continue;
    ++count;
    for (std::int64_t g = 0; g < centroids.means.cols; ++g) sum[g] += centroids.means(p, g);
  }
  if (count == 0) return {};
  for (double& value : sum) value /= count;
  return sum;
}

GenerationBaselines::GenerationBaselines(Context& context, const Dataset& data,
                                         std::span<const std::int32_t> train, const PrincipalComponents& pca,
                                         Projector& projector, std::uint64_t seed)
    : context_(context),
      data_(data),
      train_(train),
      projector_(projector),
      seed_(seed),
      host_(static_cast<std::size_t>(evaluation_block * data.gene_count())),
      orders_(data.gene_count(), std::ssize(train), stream_of(seed, 2)) {
  for (std::int64_t c = 0; c < projector.components(); ++c) deviations_.push_back(std::sqrt(pca.variance[c]));
  for (std::int32_t i : random_order(std::ssize(train), stream_of(seed, 1))) copied_.push_back(train[i]);
  fit_genes();
  fit_shifts();
  if (!has_whole_counts(data)) return;
  moments_ = count_moments(data, train);
  share_left_ = 1;
  for (const double rate : moments_.rate) share_left_ -= rate;
  share_left_ = std::max(share_left_, 0.0);
}

void GenerationBaselines::fit_genes() {
  gene_offsets_.assign(static_cast<std::size_t>(data_.gene_count() + 1), 0);
  const Csr<float>& x = data_.x;
  for (std::int32_t cell : train_) {
    for (std::int64_t p = x.offsets[cell]; p < x.offsets[cell + 1]; ++p) ++gene_offsets_[x.indices[p] + 1];
  }
  for (std::size_t g = 1; g < gene_offsets_.size(); ++g) gene_offsets_[g] += gene_offsets_[g - 1];
  gene_values_.resize(static_cast<std::size_t>(gene_offsets_.back()));
  std::vector<std::int64_t> next(gene_offsets_.begin(), gene_offsets_.end() - 1);
  for (std::int32_t cell : train_) {
    for (std::int64_t p = x.offsets[cell]; p < x.offsets[cell + 1]; ++p)
      gene_values_[next[x.indices[p]]++] = x.values[p];
  }
}

void GenerationBaselines::fit_shifts() {
  if (!data_.perturbations.known()) return;
  for (std::int32_t cell : copied_) {
    if (data_.perturbations.of_cell[cell] == 0) controls_.push_back(cell);
    if (data_.perturbations.of_cell[cell] >= 0) labelled_.push_back(cell);
  }
  if (controls_.empty()) return;
  const Centroids centroids = training_centroids(data_, train_);
  shifts_ = Matrix<float>(centroids.means.rows, centroids.means.cols);
  for (std::int64_t p = 0; p < shifts_.rows; ++p) {
    for (std::int64_t g = 0; g < shifts_.cols; ++g)
      shifts_(p, g) = static_cast<float>(centroids.means(p, g) - centroids.means(0, g));
  }
}

template <class FillRow>
FillBlock GenerationBaselines::by_row(FillRow&& fill_row) {
  return [this, fill_row](std::int64_t first, MatrixView<float> out) {
    parallel_for(context_.threads(), out.rows, 16, [&](std::int64_t r) {
      fill_row(first + r, std::span(host_).subspan(r * out.cols, out.cols));
    });
    context_.memory().copy_to_device(out.data, host_.data(),
                                     static_cast<std::size_t>(out.size()) * sizeof(float));
  };
}

void GenerationBaselines::gaussian(std::int64_t first, MatrixView<float> out) {
  const auto components = static_cast<std::int64_t>(deviations_.size());
  const math::PhiloxStream stream(stream_of(seed_, 0));
  Matrix<float> scores(out.rows, components);
  for (std::int64_t i = 0; i < out.rows; ++i) {
    for (std::int64_t c = 0; c < components; c += 2) {
      const auto word = static_cast<std::uint64_t>((first + i) * (components + components % 2) + c);
      double a = 0, b = 0;
      math::normal_pair(stream.word(word), stream.word(word + 1), a, b);
      scores(i, c) = static_cast<float>(a * deviations_[c]);
      if (c + 1 < components) scores(i, c + 1) = static_cast<float>(b * deviations_[c + 1]);
    }
  }
  const DeviceMatrix<float> on_device(context_, scores);
  projector_.decode(on_device.view(), out);
}

void GenerationBaselines::shuffled_genes(std::int64_t cell, std::span<float> row) const {
  for (std::size_t g = 0; g < row.size(); ++g) {
    // Training cells are numbered so that those with a value of the gene come first.
    const std::int64_t place = gene_offsets_[g] + orders_.place(static_cast<std::int64_t>(g), cell);
    row[g] = place < gene_offsets_[g + 1] ? gene_values_[place] : 0.0f;
  }
}

void GenerationBaselines::negative_binomial(std::int64_t cell, std::span<float> row) const {
  const math::PhiloxStream like(stream_of(seed_, 4)),
      more(RandomStream(seed_, Purpose::evaluation, evaluation_baseline + 6, nullptr, cell));
  const math::PhiloxStream first(
      RandomStream(seed_, Purpose::evaluation, evaluation_baseline + 5, nullptr, cell));
  const std::uint64_t word = like.word(static_cast<std::uint64_t>(cell));
  const double library = data_.raw.library[train_[word * train_.size() >> 32]];
  math::PhiloxBlock block{};
  double total = 0;
  for (std::size_t g = 0; g < row.size(); ++g) {
    if (g % 4 == 0) block = first.block(g / 4);
    const double mean = std::clamp(library * moments_.rate[g], lowest_count_mean, highest_count_mean);
    const double count = math::draw_count(mean, moments_.dispersion[g], [&](int part) {
      return part == 0 ? block.word[g % 4] : more.word((g << 16) + static_cast<std::uint64_t>(part));
    });
    row[g] = static_cast<float>(count);
    total += count;
  }
  total += library * share_left_;
  for (float& value : row) value = normalized(value, total, data_.raw);
}

void GenerationBaselines::shifted_control(std::int64_t cell, std::span<float> row) const {
  write_row(data_.x, controls_[cell % std::ssize(controls_)], row);
  const std::uint64_t word = math::PhiloxStream(stream_of(seed_, 3)).word(static_cast<std::uint64_t>(cell));
  const std::int32_t like = labelled_[word * labelled_.size() >> 32];
  const float* const shift = shifts_.view().row(data_.perturbations.of_cell[like]);
  for (std::size_t g = 0; g < row.size(); ++g) row[g] += shift[g];
}

std::vector<GenerationBaselines::Baseline> GenerationBaselines::all() {
  std::vector<Baseline> baselines;
  baselines.push_back(
      {"gaussian_pca", [this](std::int64_t first, MatrixView<float> out) { gaussian(first, out); }});
  baselines.push_back({"training_cells", by_row([this](std::int64_t cell, std::span<float> row) {
                         write_row(data_.x, copied_[cell % std::ssize(copied_)], row);
                       }),
                       std::ssize(copied_)});
  baselines.push_back({"shuffled_genes", by_row([this](std::int64_t cell, std::span<float> row) {
                         shuffled_genes(cell, row);
                       })});
  if (!moments_.rate.empty()) {
    baselines.push_back({"nb_library", by_row([this](std::int64_t cell, std::span<float> row) {
                           negative_binomial(cell, row);
                         })});
  }
  if (!controls_.empty()) {
    baselines.push_back({"shifted_controls", by_row([this](std::int64_t cell, std::span<float> row) {
                           shifted_control(cell, row);
                         }),
                         std::ssize(controls_)});
  }
  return baselines;
}

}  // namespace sparcell
