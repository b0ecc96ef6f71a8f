// The number of parameters that a dry run says is that of the model, its times are near those of steps.
#include <gmock/gmock.h>
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

/// Processor time of a step on one core whose products reach 80.5 G multiply-adds a second, the fastest of
/// many, with data of which a tenth is not zero (tools/bench/MEASURED.md, "What a dry run estimates").
struct MeasuredStep {
  ModelType type;
  std::int64_t genes, batch, latent;
  std::vector<std::int64_t> hidden;  ///< of a GAN's two networks; none: the course's
  double microseconds;
};

const std::vector<MeasuredStep> measured{{ModelType::autoencoder, 20, 32, 2, {8}, 16},
                                         {ModelType::autoencoder, 50, 64, 4, {32}, 39},
                                         {ModelType::autoencoder, 200, 128, 8, {64}, 172},
                                         {ModelType::autoencoder, 500, 128, 10, {64}, 362},
                                         {ModelType::autoencoder, 1000, 128, 10, {64}, 702},
                                         {ModelType::autoencoder, 1000, 128, 64, {256, 128}, 2732},
                                         {ModelType::autoencoder, 1000, 32, 64, {256, 128}, 1091},
                                         {ModelType::autoencoder, 1000, 512, 64, {256, 128}, 11920},
                                         {ModelType::autoencoder, 5000, 256, 32, {512, 128}, 50206},
                                         {ModelType::vae, 50, 64, 4, {32}, 45},
                                         {ModelType::vae, 500, 128, 10, {64}, 374},
                                         {ModelType::vae, 1000, 128, 64, {256, 128}, 3431},
                                         {ModelType::gan, 50, 64, 4, {32}, 410},
                                         {ModelType::gan, 200, 64, 8, {64, 64}, 1792},
                                         {ModelType::gan, 1000, 128, 64, {}, 96064}};

/// What products alone would take, of the smallest models not a tenth of their steps.
TEST(Estimate, TimesAreNearThoseThatWereMeasured) {
  constexpr double rate = 80.5e9, most = 1.25;
  for (const MeasuredStep& step : measured) {
    Experiment experiment;
    ModelOptions model;
    model.type = step.type;
    model.latent = step.latent;
    model.train.batch = step.batch;
    model.train.epochs = 1;
    model.network.hidden = step.hidden;
    if (!step.hidden.empty()) model.gan.generator.hidden = model.gan.critic.hidden = step.hidden;
    experiment.model = {{"m", model}};
    experiment.split.train = 1;
    const Estimate one = estimate(experiment, {.checksum = "", .cells = step.batch, .genes = step.genes},
                                  {.genes = step.genes, .tables = {TableShape{}}});
    const double ratio = 1e6 * seconds_of(one.training, rate, 1) / step.microseconds;
    EXPECT_THAT(ratio, testing::AllOf(testing::Gt(1 / most), testing::Lt(most)))
        << name_of(step.type) << " of " << step.genes << " genes, batches of " << step.batch;
  }
}

TEST(Estimate, TimesGrowWithEpochsAndShrinkWithThreads) {
  Experiment experiment;
  experiment.model = {{"m", model_of(ModelType::vae, {8, 6})}};
  const auto seconds = [&](std::int64_t threads) {
    const Estimate all = estimate(experiment, {.checksum = "", .cells = 1000, .genes = genes},
                                  {.genes = genes, .tables = {TableShape{}}});
    return seconds_of(all.training, 1e10, threads);
  };
  TrainOptions& train = experiment.model.front().second.train;
  train.epochs = 1;
  const double one = seconds(1);
  EXPECT_LT(seconds(2), one);
  train.epochs = 10;
  EXPECT_NEAR(seconds(1), 10 * one, 1e-9);
  train.steps = 350;  // of 175 in an epoch of 700 training cells
  EXPECT_NEAR(seconds(1), 2 * one, 1e-9);
}

}  // namespace
}  // namespace sparcell::test
