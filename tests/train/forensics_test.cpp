// The first value that is not finite is found: tensor, step, cells.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "train/batches.h"
#include "train/training_run.h"

namespace sparcell::test {
namespace {

/// Cells without zeros, one value of cell 5 not a number.
Csr<float> poisoned_cells() {
  Csr<float> x = small_cells(24, 10, 1.0);
  x.values[5 * 10 + 3] = std::numeric_limits<float>::quiet_NaN();
  return x;
}

ModelOptions model_without_normalization(ModelType type) {
  ModelOptions options = small_model(type);
  options.network.normalization = options.gan.generator.normalization = NormalizationLayer::none;
  return options;
}

class Forensics : public ::testing::TestWithParam<ModelType> {};

/// Where the cell stands in the first epoch's order is the shuffle's doing, which its own test proves.
TEST_P(Forensics, NameThePoisonedCellWhereItIsFirstUsed) {
  TrainingRun run(model_without_normalization(GetParam()), poisoned_cells(), split_of(24, 0));
  const std::vector<std::int32_t> order = shuffled(run.split.train, RandomStream(1, Purpose::shuffle));
  const std::int64_t batch = (std::find(order.begin(), order.end(), 5) - order.begin()) / 8;
  const std::optional<NonFinite> found = run.trainer->find_non_finite(2);
  ASSERT_TRUE(found);
  const bool gan = GetParam() == ModelType::gan;
  EXPECT_EQ(found->tensor, gan ? "critic: input" : "encoder.0: pre-activations");
  EXPECT_EQ(found->epoch, 0);
  EXPECT_EQ(found->batch, batch);
  EXPECT_EQ(found->step, batch);
  EXPECT_EQ(found->cells, std::vector<std::int32_t>{5});
}

TEST_P(Forensics, FindNothingInATrainingThatIsFinite) {
  TrainingRun run(small_model(GetParam()), small_cells(24, 10), split_of(24, 8));
  EXPECT_FALSE(run.trainer->find_non_finite(2));
  EXPECT_EQ(run.trainer->state().epoch, 3);
}

/// The replay takes the steps that training takes.
TEST_P(Forensics, LookWithoutChangingABit) {
  TrainingRun looked(small_model(GetParam()), small_cells(24, 10), split_of(24, 8));
  looked.trainer->find_non_finite(2);
  TrainingRun plain(small_model(GetParam()), small_cells(24, 10), split_of(24, 8));
  plain.run();
  EXPECT_TRUE(equal_bits(all_tensors(*looked.model), all_tensors(*plain.model)));
}

TEST_P(Forensics, AWeightThatOverflowsIsSeenInTheStepThatMovedIt) {
  ModelOptions options = small_model(GetParam());
  for (OptimizerOptions* optimizer :
       {&options.train.optimizer, &options.train.generator, &options.train.critic})
    optimizer->learning_rate = 1e38;  // Adam's first step is as long as the rate; f32 ends at 3.4e38
  TrainingRun run(options, small_cells(24, 10), split_of(24, 8));
  const std::optional<NonFinite> found = run.trainer->find_non_finite(2);
  ASSERT_TRUE(found);
  EXPECT_LE(found->step, 1);
  EXPECT_GT(found->values, 0);
}

INSTANTIATE_TEST_SUITE_P(Models, Forensics,
                         ::testing::Values(ModelType::autoencoder, ModelType::vae, ModelType::gan),
                         [](const auto& info) {
                           return std::string(Names<ModelType>::values[static_cast<int>(info.param)]);
                         });

}  // namespace
}  // namespace sparcell::test
