#include "model/likelihood.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "math/draw_count.h"
#include "math/philox.h"
#include "sparcell/core/parallel.h"
#include "sparcell/ops/log_shares.h"

namespace sparcell {
namespace {

constexpr double shut_gate = -4;  // the logit of 0.02
/// Of a library, for all that is not a gene of the model, where training begins.
constexpr double least_share_left = 1e-4;

template <class T>
double sigmoid(T x) {
  return 1 / (1 + std::exp(-static_cast<double>(x)));
}

std::int64_t shared_parameters(const ModelOptions& options, std::int64_t genes) {
  const bool one = options.likelihood == LikelihoodType::gaussian && options.variance == VarianceOf::shared;
  return one ? 1 : genes;
}

}  // namespace

std::int64_t decoder_outputs(const ModelOptions& options, std::int64_t genes) {
  const CountForm form{.gate = options.likelihood == LikelihoodType::zinb,
                       .library = options.of_counts() && options.library == LibrarySource::decoded};
  return form.columns(genes);
}

template <class T>
Likelihood<T>::Likelihood(Context& context, const ModelOptions& options, const DeviceData<T>& data,
                          std::int64_t capacity, Arena<T>& parameters)
    : context_(context),
      options_(options),
      genes_(data.genes()),
      log1p_(data.log1p()),
      target_sum_(data.target_sum()),
      whole_libraries_(data.whole_libraries()),
      parameters_(parameters),
      groups_(data.groups()),
      shared_(options.by_perturbation()
                  ? parameters.add_matrix("log_dispersion", data.groups(), data.genes())
                  : parameters.add_vector(options.of_counts() ? "log_dispersion" : "log_variance",
                                          shared_parameters(options, data.genes()))),
      by_shared_(context, capacity * data.genes()),
      sums_(context, shared_parameters(options, data.genes()) == 1 ? data.genes() : 0) {}

template <class T>
void Likelihood<T>::begin_from(const TrainingStart& start, int output_bias) {
  if (!options_.of_counts()) {
    const auto variances = static_cast<std::size_t>(shared_parameters(options_, genes_));
    parameters_.write(shared_, std::vector<T>(variances, T(0)));
    return;
  }
  std::vector<T> dispersions, bias;
  require(std::ssize(start.dispersion) == groups_ * genes_, "{} dispersions of {} groups of {} genes",
          start.dispersion.size(), groups_, genes_);
  for (const double dispersion : start.dispersion)
    dispersions.push_back(static_cast<T>(std::log(dispersion)));
  // Logits of shares are differences to the logarithm of what they leave.
  const double of_genes = std::accumulate(start.rate.begin(), start.rate.end(), 0.0) / target_sum_;
  const double unit = shares() ? target_sum_ * std::max(1 - of_genes, least_share_left) : 1;
  for (const double rate : start.rate) bias.push_back(static_cast<T>(std::log(rate / unit)));
  bias.resize(static_cast<std::size_t>(form().gate ? 2 * genes_ : genes_), static_cast<T>(shut_gate));
  bias.resize(static_cast<std::size_t>(form().columns(genes_)),
              T(0));  // the library's share of the target sum
  parameters_.write(shared_, dispersions);
  parameters_.write(output_bias, bias);
}

template <class T>
void Likelihood<T>::to_rates(MatrixView<T> outputs) const {
  if (shares()) log_shares<T>(context_, target_sum_, of_genes(outputs));
}

template <class T>
void Likelihood<T>::add_loss(const DeviceData<T>& data, MatrixView<T> outputs, const BatchRows& rows,
                             LossTerm loss, MatrixView<T> gradient, std::span<double> cell_losses) {
  MatrixView<T> by_shared;
  if (gradient.data != nullptr) by_shared = MatrixView<T>(by_shared_.data(), rows.count, genes_);
  const std::span<T> shared = parameters_.vector(shared_);
  const LikelihoodResults<T> results{
      .cell_losses = cell_losses, .gradient = gradient, .by_shared = by_shared};
  if (options_.of_counts()) {
    const std::span<const T> library = form().library ? std::span<const T>() : data.log_library();
    const Dispersion<T> dispersion{MatrixView<const T>(shared.data(), groups_, genes_), data.group_of()};
    if (shares()) {
      count_loss_of_shares<T>(context_, target_sum_, form(), outputs, dispersion, library, data.counts(),
                              rows, loss, results);
    } else {
      count_loss<T>(context_, form(), outputs, dispersion, library, data.counts(), rows, loss, results);
    }
  } else {
    gaussian_loss<T>(context_, outputs, shared, data.x(), rows, data.standardization(), loss, results);
  }
  if (gradient.data == nullptr) return;
  const std::span<T> to = parameters_.vector_gradient(shared_);
  if (sums_.size() == 0) {
    add_rows_by_group<T>(context_, by_shared, rows, data.group_of(),
                         MatrixView<T>(to.data(), groups_, genes_));
    return;
  }
  sums_.set_zero();
  add_rows_by_group<T>(context_, by_shared, rows, {}, MatrixView<T>(sums_.data(), 1, genes_));
  add_rows_by_group<T>(context_, MatrixView<T>(sums_.data(), genes_, 1), {.count = genes_}, {},
                       MatrixView<T>(to.data(), 1, 1));
}

template <class T>
Matrix<T> Likelihood<T>::expected(const Matrix<T>& outputs) const {
  if (!options_.of_counts()) return outputs;
  Matrix<T> values(outputs.rows, genes_);
  for (std::int64_t r = 0; r < outputs.rows; ++r) {
    const T* const from = outputs.view().row(r);
    for (std::int64_t g = 0; g < genes_; ++g) {
      double mean = std::exp(static_cast<double>(from[g]));
      if (form().gate) mean *= 1 - sigmoid(from[genes_ + g]);
      values(r, g) = static_cast<T>(log1p_ ? std::log1p(mean) : mean);
    }
  }
  return values;
}

template <class T>
auto Likelihood<T>::draw_counts(const T* outputs, double log_library, std::span<const double> dispersion,
                                std::uint64_t seed, std::int64_t cell, T* counts) const -> DrawnCell {
  const math::PhiloxStream first(RandomStream(seed, Purpose::generate, 1, nullptr, cell)),
      more(RandomStream(seed, Purpose::generate, 2, nullptr, cell)),
      gates(RandomStream(seed, Purpose::generate, 3, nullptr, cell));
  if (form().library) log_library = static_cast<double>(outputs[form().columns(genes_) - 1]);
  math::PhiloxBlock block{};
  double total = 0, left = 1;  // counts of these genes, and the share of a library that other genes have
  for (std::int64_t g = 0; g < genes_; ++g) {
    if (g % 4 == 0) block = first.block(static_cast<std::uint64_t>(g) / 4);
    const double log_mean = static_cast<double>(outputs[g]) + log_library;
    const double mean = std::clamp(std::exp(log_mean), lowest_count_mean, highest_count_mean);
    double count = math::draw_count(mean, dispersion[g], [&](int part) {
      return part == 0 ? block.word[g % 4] : more.word((static_cast<std::uint64_t>(g) << 16) + part);
    });
    const double shut = form().gate ? sigmoid(outputs[genes_ + g]) : 0;
    if (shut > 0 && (gates.word(static_cast<std::uint64_t>(g)) + 0.5) * 0x1p-32 < shut) count = 0;
    counts[g] = static_cast<T>(count);
    total += count;
    left -= (1 - shut) * std::exp(static_cast<double>(outputs[g])) / target_sum_;
  }
  if (!whole_libraries_) total += std::max(left, 0.0) * std::exp(log_library) * target_sum_;
  return {std::exp(log_library) * target_sum_, total};
}

template <class T>
Matrix<T> Likelihood<T>::draw(const Matrix<T>& outputs, std::span<const double> log_library,
                              std::span<const std::int32_t> groups, std::uint64_t seed, std::int64_t first,
                              DrawnCounts<T>* counts) const {
  require(groups_ == 1 || std::ssize(groups) == outputs.rows, "{} groups of {} cells to draw", groups.size(),
          outputs.rows);
  std::vector<double> shared;
  for (const T value : parameters_.read(shared_)) {
    const double number = std::exp(static_cast<double>(value));
    shared.push_back(options_.of_counts() ? std::clamp(number, lowest_dispersion, highest_dispersion)
                                          : std::sqrt(std::clamp(number, lowest_variance, highest_variance)));
  }
  Matrix<T> values(outputs.rows, genes_);
  if (counts != nullptr && options_.of_counts()) {
    const std::vector<double> of_cells(static_cast<std::size_t>(outputs.rows));
    *counts = {Matrix<T>(outputs.rows, genes_), of_cells, of_cells};
  }
  parallel_for(context_.threads(), outputs.rows, 4, [&](std::int64_t r) {
    const T* const from = outputs.view().row(r);
    T* const to = values.view().row(r);
    if (options_.of_counts()) {
      const std::int64_t group = groups_ == 1 ? 0 : groups[r];
      const auto genes = static_cast<std::size_t>(genes_);
      const DrawnCell cell =
          draw_counts(from, log_library.empty() ? 0 : log_library[r],
                      std::span<const double>(shared).subspan(group * genes_, genes), seed, first + r, to);
      if (counts != nullptr) {
        std::copy_n(to, genes_, counts->counts.view().row(r));
        counts->library[r] = cell.library;
        counts->size_factor[r] = cell.total > 0 ? cell.total / target_sum_ : 1;
      }
      for (std::int64_t g = 0; g < genes_; ++g) {
        const double value = cell.total > 0 ? static_cast<double>(to[g]) * target_sum_ / cell.total : 0;
        to[g] = static_cast<T>(log1p_ ? std::log1p(value) : value);
      }
      return;
    }
    const math::PhiloxStream noise(RandomStream(seed, Purpose::generate, 1, nullptr, first + r));
    for (std::int64_t g = 0; g < genes_; g += 2) {
      double pair[2];
      const auto word = static_cast<std::uint64_t>(g);
      math::normal_pair(noise.word(word), noise.word(word + 1), pair[0], pair[1]);
      for (std::int64_t k = 0; k < 2 && g + k < genes_; ++k)
        to[g + k] = static_cast<T>(static_cast<double>(from[g + k]) +
                                   shared[shared.size() == 1 ? 0 : g + k] * pair[k]);
    }
  });
  return values;
}

template class Likelihood<float>;
template class Likelihood<double>;

}  // namespace sparcell
