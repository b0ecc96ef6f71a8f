// A count is the inverse of the negative binomial's distribution function at one uniform number: exact, and
// most entries are settled by comparing that number with the probability of zero, which vectorizes. The
// matrix is drawn twice, once to count and once to fill, because the numbers are keyed and memory then holds
// nothing beside the result.
#include "simulate/counts.h"

#include <cmath>

#include "math/elementary.h"
#include "simulate/constants.h"
#include "simulate/draws.h"
#include "sparcell/core/parallel.h"

namespace sparcell::simulation {
namespace {

/// The smallest k >= 1 whose distribution function reaches u, which is above the probability of zero.
double invert(double u, double mean, double dispersion) {
  const double size = 1 / dispersion;
  const double ratio = dispersion * mean / (1 + dispersion * mean);
  double probability = std::exp(-size * std::log1p(dispersion * mean));
  double reached = probability;
  double k = 0;
  do {
    probability *= ratio * (k + size) / (k + 1);
    reached += probability;
    ++k;
  } while (reached < u && (k < mean || probability > 1e-16));
  return k;
}

/// The parameters of all genes in f32, and the rows of one thread.
class Rows {
 public:
  Rows(const SimulateOptions& options, const Genes& genes, const Design& design, const Cells& cells)
      : options_(options), design_(design), cells_(cells) {
    for (std::int64_t g = 0; g < options.genes; ++g) {
      base_.push_back(static_cast<float>(std::log(genes.mean[g]) - genes.centre[g]));
      dispersion_.push_back(static_cast<float>(genes.dispersion[g]));
      size_.push_back(static_cast<float>(1 / genes.dispersion[g]));
      loading_.push_back(static_cast<float>(genes.loading[g]));
      program_.push_back(static_cast<std::int32_t>(std::max<std::int64_t>(genes.program[g], 0)));
      cycle_cos_.push_back(static_cast<float>(genes.cycle_cos[g]));
      cycle_sin_.push_back(static_cast<float>(genes.cycle_sin[g]));
    }
    no_effect_.assign(base_.size(), 0.0f);
  }

  struct Scratch {
    std::vector<float> mean, zero;     ///< per gene: expected count and probability of zero
    std::vector<std::uint32_t> words;  ///< rounded up to whole Philox blocks
    explicit Scratch(std::int64_t genes) : mean(genes), zero(genes), words((genes + 3) / 4 * 4) {}
  };

  /// Fills the scratch with everything that decides the counts of one cell.
  void prepare(std::int64_t cell, Scratch& scratch) const {
    const std::int32_t group = cells_.group[cell];
    const float* effect = group == 0 ? no_effect_.data() : &design_.effects(group - 1, 0);
    const float* activity = &cells_.activity(cell, 0);
    const auto log_size = static_cast<float>(std::log(cells_.size_factor[cell]));
    const auto response = static_cast<float>(cells_.response[cell]);
    const auto cosine = static_cast<float>(std::cos(cells_.angle[cell]));
    const auto sine = static_cast<float>(std::sin(cells_.angle[cell]));
    float* mean = scratch.mean.data();
    float* zero = scratch.zero.data();
#pragma omp simd
    for (std::int64_t g = 0; g < options_.genes; ++g) {
      const float log_mean = base_[g] + log_size + response * effect[g] +
                             loading_[g] * activity[program_[g]] + cycle_cos_[g] * cosine +
                             cycle_sin_[g] * sine;
      mean[g] = math::exp(log_mean);
      zero[g] = math::exp(-size_[g] * math::log1p(dispersion_[g] * mean[g]));
    }
    const math::PhiloxStream stream(RandomStream(static_cast<std::uint64_t>(options_.seed), Purpose::simulate,
                                                 static_cast<std::uint32_t>(Quantity::counts), nullptr,
                                                 cell));
    for (std::size_t block = 0; block < scratch.words.size() / 4; ++block) {
      const math::PhiloxBlock drawn = stream.block(block);
      for (int lane = 0; lane < 4; ++lane) scratch.words[4 * block + lane] = drawn.word[lane];
    }
  }

  static bool is_zero(const Scratch& scratch, std::int64_t gene) {
    return uniform(scratch.words[gene]) < scratch.zero[gene];
  }

  double count(const Scratch& scratch, std::int64_t gene) const {
    return invert(uniform(scratch.words[gene]), scratch.mean[gene], dispersion_[gene]);
  }

 private:
  const SimulateOptions& options_;
  const Design& design_;
  const Cells& cells_;
  std::vector<float> base_, dispersion_, size_, loading_, cycle_cos_, cycle_sin_, no_effect_;
  std::vector<std::int32_t> program_;
};

}  // namespace

Csr<float> draw_counts(const SimulateOptions& options, const Genes& genes, const Design& design,
                       const Cells& cells) {
  const Rows rows(options, genes, design, cells);
  Csr<float> counts{.rows = options.cells, .cols = options.genes, .offsets = {}, .indices = {}, .values = {}};
  counts.offsets.assign(static_cast<std::size_t>(options.cells) + 1, 0);
  constexpr std::int64_t grain = 16;
  parallel_parts(options.threads, options.cells, grain, [&](std::int64_t first, std::int64_t last, int) {
    Rows::Scratch scratch(options.genes);
    for (std::int64_t cell = first; cell < last; ++cell) {
      rows.prepare(cell, scratch);
      std::int64_t nonzeros = 0;
      for (std::int64_t g = 0; g < options.genes; ++g) nonzeros += !Rows::is_zero(scratch, g);
      counts.offsets[cell + 1] = nonzeros;
    }
  });
  for (std::int64_t cell = 0; cell < options.cells; ++cell) counts.offsets[cell + 1] += counts.offsets[cell];
  counts.indices.resize(static_cast<std::size_t>(counts.nonzeros()));
  counts.values.resize(counts.indices.size());
  parallel_parts(options.threads, options.cells, grain, [&](std::int64_t first, std::int64_t last, int) {
    Rows::Scratch scratch(options.genes);
    for (std::int64_t cell = first; cell < last; ++cell) {
      rows.prepare(cell, scratch);
      std::int64_t at = counts.offsets[cell];
      for (std::int64_t g = 0; g < options.genes; ++g) {
        if (Rows::is_zero(scratch, g)) continue;
        counts.indices[at] = static_cast<std::int32_t>(g);
        counts.values[at++] = static_cast<float>(rows.count(scratch, g));
      }
    }
  });
  return counts;
}

}  // namespace sparcell::simulation
