// The number of parameters that a dry run says is that of the model.
#include <gtest/gtest.h>

#include "model/trainable.h"
#include "sweep/estimate.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t cells = 3, genes = 13, parts = 5;

/// Rows without values.
Csr<float> empty_rows(std::int64_t rows, std::int64_t cols) {
  Csr<float> x;
  x.rows = rows;
  x.cols = cols;
  x.offsets.assign(static_cast<std::size_t>(rows) + 1, 0);
  return x;
}

std::int64_t parameters_of(const ModelOptions& options, const TableShape& table) {
  Context context;
  const bool learned = options.conditioning.products() > 0;
  const Csr<float> x = empty_rows(cells, genes),
                   told = empty_rows(cells, table.conditions + (learned ? parts : 0)),
                   vectors = learned ? empty_rows(parts, table.gene_width) : Csr<float>{};
  const RawCounts raw{.values = {}, .library = {1, 1, 1}, .target_sum = 1, .log1p = true};
  const CellGroups groups{.count = table.groups, .of_cell = {0, 1, 1}};
  const DeviceData<float> data = options.of_counts()
                                     ? DeviceData<float>(context, raw, x, told, groups, vectors)
                                     : DeviceData<float>(context, x, {}, told, vectors);
  return make_model<float>(context, options, data, 1)->parameter_count();
}

std::int64_t estimated(const ModelOptions& options, const TableShape& table) {
  Experiment experiment;
  experiment.model = {{"m", options}};
  return estimate(experiment, {.checksum = "", .cells = cells, .genes = genes},
                  {.genes = genes, .tables = {table}})
      .parameters;
}

/// Every choice of options that has parameters of its own, with each of `tables`.
void expect_exact(const ModelOptions& options, const std::string& what) {
  for (const TableShape& table : {TableShape{}, TableShape{.conditions = 7, .gene_width = 4, .groups = 2}}) {
    for (const GeneCombination combine : {GeneCombination::sum, GeneCombination::learned}) {
      if (combine == GeneCombination::learned && table.conditions == 0) continue;
      ModelOptions told = options;
      told.conditioning.combine = combine;
      if (table.conditions == 0) told.conditioning.encoder = false;
      EXPECT_EQ(estimated(told, table), parameters_of(told, table))
          << what << ", " << table.conditions << " conditions, " << name_of(combine);
    }
  }
}

ModelOptions model_of(ModelType type, std::vector<std::int64_t> hidden) {
  ModelOptions options;
  options.type = type;
  options.latent = 3;
  options.network = {.hidden = std::move(hidden), .dropout = {}};
  options.train.batch = 4;
  return options;
}

TEST(Estimate, CountsParametersOfAutoencoders) {
  for (const ModelType type : {ModelType::autoencoder, ModelType::vae}) {
    for (const std::vector<std::int64_t>& hidden : {std::vector<std::int64_t>{8, 6}, {8}, {}}) {
      if (type == ModelType::vae && hidden.empty()) continue;
      for (const NormalizationLayer normalization : {NormalizationLayer::none, NormalizationLayer::batch}) {
        for (const bool skip : {false, true}) {
          for (const bool encoder : {false, true}) {
            ModelOptions options = model_of(type, hidden);
            options.network.normalization = normalization;
            options.skip = skip;
            options.conditioning.encoder = encoder;
            expect_exact(options, fmt::format("{}, {} hidden, skip {}, encoder {}", name_of(type),
                                              hidden.size(), skip, encoder));
          }
        }
      }
    }
  }
}

TEST(Estimate, CountsParametersOfLikelihoods) {
  for (const LikelihoodType likelihood :
       {LikelihoodType::gaussian, LikelihoodType::nb, LikelihoodType::zinb}) {
    for (const bool other : {false, true}) {
      ModelOptions options = model_of(ModelType::vae, {8, 6});
      options.likelihood = likelihood;
      options.skip = other;
      options.variance = other ? VarianceOf::shared : VarianceOf::gene;
      options.library = other ? LibrarySource::decoded : LibrarySource::observed;
      if (other && options.of_counts()) options.dispersion = DispersionOf::gene_perturbation;
      expect_exact(options, fmt::format("{}, {}", name_of(likelihood), other));
    }
  }
}

TEST(Estimate, CountsParametersOfGans) {
  for (const std::vector<std::int64_t>& hidden : {std::vector<std::int64_t>{8, 6}, {}}) {
    for (const bool other : {false, true}) {
      ModelOptions options = model_of(ModelType::gan, {});
      GanOptions& gan = options.gan;
      gan.generator = {.hidden = hidden, .dropout = {}};
      gan.critic = {.hidden = hidden,
                    .normalization = other ? NormalizationLayer::layer : NormalizationLayer::none,
                    .dropout = {}};
      gan.spectral_norm = !other;
      if (other) {
        gan.output = GeneratorOutput::hurdle;
        gan.library = LibraryUse::output;
        gan.weight_average = 0.9;
        if (!hidden.empty()) gan.minibatch = MinibatchStatistic::deviation;
      }
      expect_exact(options, fmt::format("{} hidden, {}", hidden.size(), other));
    }
  }
}

}  // namespace
}  // namespace sparcell::test
