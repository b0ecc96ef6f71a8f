// Dispersions by perturbation: where they begin, and that training finds them.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "experiment/trained_model.h"
#include "experiment/training_start.h"
#include "support/datasets.h"
#include "train/trainer.h"

namespace sparcell {
namespace {

constexpr std::int64_t genes = 6, cells = 1200;
constexpr double mean = 8, of_controls = 20, of_perturbed = 0.8;  // dispersions

/// Half of the cells are controls; means are equal, the perturbation makes counts more variable.
struct World {
  Prepared prepared;
  ModelOptions options;
  Context context{Device{}, 1};
  Log silent{[](Log::Level, const std::string&) {}};

  World() {
    std::mt19937 random(3);
    std::vector<std::vector<double>> rows;
    std::vector<std::string> labels;
    for (std::int64_t c = 0; c < cells; ++c) {
      const double dispersion = c % 2 == 0 ? of_controls : of_perturbed;
      labels.emplace_back(c % 2 == 0 ? "control" : "A");
      std::vector<double> row;
      for (std::int64_t g = 0; g < genes; ++g) {
        const double rate = std::gamma_distribution<double>(dispersion, mean / dispersion)(random);
        row.push_back(static_cast<double>(std::poisson_distribution<int>(rate)(random)));
      }
      rows.push_back(row);
      prepared.split.train.push_back(static_cast<std::int32_t>(c));
    }
    prepared.data = test::dataset(rows);
    test::label(prepared.data, labels);
    RawCounts& raw = prepared.data.raw;
    raw.values = prepared.data.x.values;
    raw.library.assign(static_cast<std::size_t>(cells), genes * mean);  // of other genes' counts too
    raw.target_sum = genes * mean;
    options.type = ModelType::vae;
    options.likelihood = LikelihoodType::nb;
    options.dispersion = DispersionOf::gene_perturbation;
    options.network = {.hidden = {8}, .normalization = NormalizationLayer::layer, .dropout = {}};
    options.latent = 2;
    options.kl.weight = 4;  // counts that do not differ but by chance need no latent values
    options.reconstruction_reduction = options.kl.reduction = Reduction::sum;
    options.train.batch = 100;
    options.train.epochs = 40;
    options.train.optimizer.learning_rate = 5e-3;
  }
};

/// The geometric mean over genes of a group's dispersions.
double typical(const std::vector<double>& dispersions, std::int64_t group) {
  double logs = 0;
  for (std::int64_t g = 0; g < genes; ++g) logs += std::log(dispersions[group * genes + g]) / genes;
  return std::exp(logs);
}

TEST(DispersionByPerturbation, BeginsAtTheMomentsOfItsCells) {
  World world;
  const ConditionTable table(world.context, "vae", world.options, world.prepared, world.silent);
  const TrainingStart start =
      training_start(world.context, world.options, world.prepared, table, world.silent);
  ASSERT_EQ(std::ssize(start.dispersion), 2 * genes);
  ASSERT_EQ(std::ssize(start.rate), genes);
  EXPECT_NEAR(std::log(typical(start.dispersion, 0) / of_controls), 0, 0.3);
  EXPECT_NEAR(std::log(typical(start.dispersion, 1) / of_perturbed), 0, 0.2);
}

TEST(DispersionByPerturbation, IsFoundFromAWrongBeginning) {
  World world;
  const ConditionTable table(world.context, "vae", world.options, world.prepared, world.silent);
  TrainingStart start = training_start(world.context, world.options, world.prepared, table, world.silent);
  std::fill(start.dispersion.begin(), start.dispersion.end(), 4.0);
  TrainedModel model(world.context, "vae", world.options, world.prepared.data, world.prepared.fitted.scaler,
                     1, table);
  model.trainable().initialize();
  model.trainable().begin_from(start);
  Trainer(world.context, model.trainable(), world.options, world.prepared.split, 1).run({});
  std::vector<double> found;
  Arena<float>& parameters = *model.trainable().groups().front().parameters;
  for (std::size_t t = 0; t < parameters.tensors().size(); ++t) {
    if (parameters.tensors()[t].name != "log_dispersion") continue;
    EXPECT_EQ(parameters.tensors()[t].rows, 2);
    for (const float log : parameters.read(static_cast<int>(t))) found.push_back(std::exp(log));
  }
  ASSERT_EQ(std::ssize(found), 2 * genes);
  EXPECT_LT(typical(found, 1), 1.3) << "truth " << of_perturbed << ", begun at 4";
  EXPECT_GT(typical(found, 0), 6) << "truth " << of_controls << ", begun at 4";
}

}  // namespace
}  // namespace sparcell
