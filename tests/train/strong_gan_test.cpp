// The GAN with gates, library sizes and averaged weights: its cells, its record, and that it goes on from a
// checkpoint bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/temporary.h"
#include "train/training_run.h"

namespace sparcell::test {
namespace {

const Csr<float> x = small_cells(60, 12, 0.4);

struct StrongRun : TrainingRun {
  explicit StrongRun(const ModelOptions& options = strong_gan())
      : TrainingRun(options, x, split_of(60, 12)) {}
};

double log_library(const Matrix<float>& cells, std::int64_t row) {
  double sum = 0;
  for (std::int64_t g = 0; g < cells.cols; ++g) sum += std::expm1(static_cast<double>(cells(row, g)));
  return std::log(sum);
}

TEST(StrongGan, BeginsWithTheZerosAndTheLibrarySizesOfItsTrainingCells) {
  ModelOptions options = strong_gan();
  options.gan.weight_average = 0;  // which begins with the first step
  StrongRun run(options);
  const TrainingStart start = start_of(x, run.split);
  // With an input of zeros the last layer says what its biases and a little of its random weights say.
  const Matrix<float> cells = run.model->generate(0, 500, 3);
  for (std::int64_t g = 0; g < x.cols; ++g) {
    double open = 0;
    for (std::int64_t r = 0; r < cells.rows; ++r) open += cells(r, g) != 0 ? 1.0 / 500 : 0;
    const double share = static_cast<double>(start.genes.offsets[g + 1] - start.genes.offsets[g]) / 48;
    EXPECT_NEAR(open, share, 0.2) << g;
  }
  std::vector<double> real(48), generated;
  for (std::size_t k = 0; k < start.genes.values.size(); ++k)
    real[start.genes.indices[k]] += std::expm1(static_cast<double>(start.genes.values[k]));
  ASSERT_GT(std::erase(real, 0.0), 0);  // cells without counts, which have no size
  for (double& size : real) size = std::log(size);
  for (std::int64_t r = 0; r < cells.rows; ++r) {
    const double size = log_library(cells, r);
    if (std::isfinite(size)) generated.push_back(size);
  }
  std::sort(real.begin(), real.end());
  std::sort(generated.begin(), generated.end());
  EXPECT_GE(generated.front(), real.front() - 1e-4);
  EXPECT_LE(generated.back(), real.back() + 1e-4);
  EXPECT_NEAR(generated[generated.size() / 2], real[real.size() / 2], 0.2);
}

TEST(StrongGan, RefusesValuesThatAreNoLogarithmsAndCellsWithoutCounts) {
  const auto message = [](const Csr<float>& cells) {
    try {
      TrainingRun run(strong_gan(), cells, split_of(cells.rows, 0));
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Csr<float> counts = x;
  counts.values.front() = 1000;
  EXPECT_EQ(message(counts),
            "model.library takes values as log1p of counts, and e to the power of some is infinite");
  EXPECT_EQ(message(csr_of<float>({{0, 0}, {0, 1}, {0, 0}})),
            "model.library needs two training cells with counts of the selected genes, there are 1");
}

TEST(StrongGan, CellsDoNotDependOnHowTheyAreCutIntoBlocks) {
  StrongRun run;
  run.run();
  const Matrix<float> whole = run.model->generate(0, 40, 7);
  for (const auto& [first, count] : {std::pair<std::int64_t, std::int64_t>{0, 13}, {13, 27}}) {
    const Matrix<float> part = run.model->generate(first, count, 7);
    for (std::int64_t r = 0; r < count; ++r) {
      for (std::int64_t g = 0; g < x.cols; ++g) {
        // A product of fewer rows may be summed in another order.
        ASSERT_NEAR(part(r, g), whole(first + r, g), 1e-5) << first + r << ", " << g;
        ASSERT_EQ(part(r, g) == 0, whole(first + r, g) == 0);
      }
    }
  }
}

TEST(StrongGan, RecordsItsHealth) {
  StrongRun run;
  const EpochRecord last = run.run().last;
  EXPECT_NEAR(part(last.train, "critic_gap"),
              part(last.train, "real_score") - part(last.train, "generated_score"), 1e-12);
  EXPECT_GT(part(last.train, "critic_gradient_norm"), 0);
  EXPECT_GT(part(last.train, "generator_gradient_norm"), 0);
  const double zeros = part(last.diagnostics, "zero_share");
  EXPECT_GT(zeros, 0.3);
  EXPECT_LT(zeros, 0.9);
}

TEST(StrongGan, SigmaIsTheLargestSingularValueOfAWeight) {
  StrongRun run;
  run.run();
  Arena<float>& critic = *run.model->groups()[1].parameters;
  for (std::size_t i = 0; i < critic.tensors().size(); ++i) {
    if (critic.tensors()[i].name != "critic.6.weight") continue;  // one row: its norm
    double squares = 0;
    for (const float w : critic.read(static_cast<int>(i))) squares += static_cast<double>(w) * w;
    EXPECT_NEAR(part(run.model->diagnostics(), "sigma_2"), std::sqrt(squares), 1e-6);
    return;
  }
  FAIL() << "no tensor critic.6.weight";
}

TEST(StrongGan, AveragesAreBetweenTheWeightsOfTheSteps) {
  StrongRun run;
  run.run();
  const TensorSnapshot end = snapshot(*run.model, false);
  const auto find = [](const std::vector<NamedTensor>& tensors, const std::string& name) {
    for (const NamedTensor& tensor : tensors) {
      if (tensor.name == name) return tensor.values;
    }
    throw InternalError("no tensor {}", name);
  };
  const std::vector<float> weights = find(end.parameters, "generator.0.weight"),
                           average = find(end.buffers, "average.0.weight");
  EXPECT_NE(weights, average);
  double off = 0, size = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    off += std::abs(static_cast<double>(weights[i] - average[i]));
    size += std::abs(static_cast<double>(weights[i]));
  }
  EXPECT_LT(off, 0.2 * size);
  EXPECT_NE(find(end.buffers, "generator.1.running_mean"), find(end.buffers, "average.1.running_mean"));
}

TEST(StrongGan, GoesOnFromACheckpointBitForBit) {
  TemporaryFolder folder;
  ModelOptions options = strong_gan();
  options.train.epochs = 6;
  StrongRun whole(options);
  whole.run();
  {
    StrongRun first(options);
    const auto save = [&] {
      Checkpoint now;
      now.tensors = snapshot(*first.model, true);
      now.state = first.trainer->state();
      write_checkpoint(folder / "c.h5", now);
    };
    // A GPU looks only where a run of steps has ended.
    const TrainHooks hooks{.on_epoch = {}, .save = save, .save_later = {}, .interrupted = [&] {
                             return first.trainer->state().step.step >= 10;
                           }};
    EXPECT_THROW(first.run(hooks), Interrupted);
  }
  StrongRun second(options);
  second.trainer->restore(read_checkpoint(folder / "c.h5"));
  second.run();
  EXPECT_TRUE(equal_bits(all_tensors(*whole.model), all_tensors(*second.model)));
  EXPECT_EQ(whole.model->generate(0, 30, 1).values, second.model->generate(0, 30, 1).values);
}

}  // namespace
}  // namespace sparcell::test
