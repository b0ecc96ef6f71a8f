// Cells that are predicted, as their files have them: from which controls, with which counts.
#include <algorithm>
#include <cmath>

#include "experiment/made_cells.h"

namespace sparcell::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;

class PredictedCells : public MadeCells {};

/// Counts that are predicted are drawn at the control's own library size; expression is what is expected.
TEST_F(PredictedCells, PredictedCountsAreDrawn) {
  finished_run("r", counts);
  const auto predicted = [&](const std::string& file, const Texts& more) {
    succeed(with({"predict", "r", file, "--perturbation", other}, more));
    return std::pair(read_matrix(folder / file), read_matrix(folder / file, "layers/counts"));
  };
  const auto [x, drawn] = predicted("p.h5ad", {});
  const auto [again, drawn_again] = predicted("q.h5ad", {"--seed", "3"});
  const auto [same, drawn_anew] = predicted("s.h5ad", {"--seed", "4"});
  EXPECT_EQ(drawn.values, drawn_again.values) << "the run's seed";
  EXPECT_EQ(x.values, same.values);
  EXPECT_NE(drawn.values, drawn_anew.values);
  for (const float count : drawn.values) ASSERT_EQ(count, std::floor(count));
  const Table cells = read_obs(folder / "p.h5ad"), real = read_obs(folder / "r/latent.h5ad");
  const auto place = places(real);
  const std::vector<double> sums = totals();
  for (std::int64_t c = 0; c < x.rows; ++c)
    EXPECT_NEAR(numbers(cells, "library_size")[c], sums[place.at(texts(cells, "control")[c])], 1e-3);
  // The mean of draws is what is expected, which expression is the logarithm of.
  double counted = 0, expected = 0;
  for (std::int64_t c = 0; c < x.rows; ++c) {
    const double target = numbers(cells, "library_size")[c];
    for (const float value : dense_row(x, c)) expected += std::expm1(value) * target;
    for (const float count : dense_row(drawn, c)) counted += count;
  }
  double target_sum = 0;  // expression is per this many counts
  {
    const auto normalized = dense_row(read_matrix(folder / "r/latent.h5ad"), 0);
    const auto raw = read_matrix(folder / "cells.h5ad");
    const Table genes = read_var(folder / "cells.h5ad"), selected = read_var(folder / "r/latent.h5ad");
    const std::vector<float> row = dense_row(raw, 0);
    for (std::size_t g = 0; g < normalized.size(); ++g) {
      if (normalized[g] == 0) continue;
      const auto at =
          std::find(genes.names.begin(), genes.names.end(), selected.names[g]) - genes.names.begin();
      target_sum = std::expm1(normalized[g]) * sums[0] / row[at];
    }
  }
  EXPECT_NEAR(counted / (expected / target_sum), 1, 0.05);
}

TEST_F(PredictedCells, PredictSaysWhichControlsItStartsFrom) {
  finished_run("r", {"~model.gan", "~model.vae", "model.ae.condition=[perturbation, lane]"});
  const Table real = read_obs(folder / "r/latent.h5ad");
  const auto controls = [&](const Texts& parts, const std::string& lane) {
    Texts names;
    for (std::int64_t c = 0; c < real.rows(); ++c) {
      if (real.find("perturbation")->text(c) != "control") continue;
      if (!lane.empty() && real.find("lane")->text(c) != lane) continue;
      if (std::count(parts.begin(), parts.end(), real.find("split")->text(c)) > 0)
        names.push_back(real.names[c]);
    }
    return names;
  };
  const auto predicted = [&](const Texts& more) {
    succeed(with({"predict", "r", "p.h5ad", "--perturbation", other}, more));
    return read_obs(folder / "p.h5ad");
  };
  EXPECT_EQ(texts(predicted({}), "control"), controls({"train"}, ""));
  EXPECT_EQ(texts(predicted({"--controls", "test"}), "control"), controls({"test"}, ""));
  EXPECT_EQ(texts(predicted({"--controls", "all"}), "control"), controls({"train", "validation", "test"}, ""));
  const Table cells = predicted({"--controls", "all", "--where", "lane=two"});
  EXPECT_EQ(texts(cells, "control"), controls({"train", "validation", "test"}, "two"));
  EXPECT_THAT(texts(cells, "lane"), Each(std::string("two")));
  EXPECT_THAT(texts(cells, "split"), Contains("test"));
  EXPECT_THAT(texts(cells, "perturbation"), Each(other));
  EXPECT_THAT(texts(cells, "predicted_perturbation"), Each(other));
  EXPECT_THAT(texts(cells, "condition"), Each(other + "+ctrl")) << "as the data write it";
  EXPECT_EQ(categories(cells, "perturbation"), categories(real, "perturbation"));
  const auto error = [&](const Texts& more, int code) {
    return fail(with({"predict", "r", "bad.h5ad", "--perturbation", other}, more), code);
  };
  EXPECT_THAT(error({"--controls", "test", "--where", "lane=never"}, 3),
              HasSubstr("predict: --where lane=never: no cell has the value never; the column holds one, three, two"));
  EXPECT_THAT(error({"--where", "batch=1"}, 3), HasSubstr("cells.h5ad has no obs column batch"));
  EXPECT_THAT(error({"--where", "lane"}, 2), HasSubstr("--where lane: expected COLUMN=VALUE"));
}

/// Numbers of genes and clusters are of a control's expression: of a predicted cell they would be wrong.
TEST_F(PredictedCells, PredictedCellsSayWhatIsOfTheirControl) {
  finished_run("r", {"~model.gan", "~model.vae", "model.ae.condition=[perturbation]"});
  const Table real = read_obs(folder / "r/latent.h5ad");
  auto place = places(real);
  const auto predicted = [&](const Texts& more) {
    succeed(with({"predict", "r", "p.h5ad", "--perturbation", other}, more));
    return read_obs(folder / "p.h5ad");
  };
  Table cells = predicted({});
  const Texts controls = texts(cells, "control");
  ASSERT_FALSE(controls.empty());
  for (std::int64_t c = 0; c < cells.rows(); ++c) {
    const std::int64_t row = place.at(controls[c]);
    EXPECT_EQ(cells.names[c], "ae_" + other + "_" + controls[c]);
    EXPECT_EQ(cells.find("control_n_genes")->text(c), real.find("n_genes")->text(row));
    EXPECT_EQ(cells.find("control_lane")->text(c), real.find("lane")->text(row));
  }
  EXPECT_EQ(cells.find("n_genes"), nullptr);
  EXPECT_EQ(cells.find("lane"), nullptr) << "the model is told no lanes";
  EXPECT_EQ(cells.find("control_split"), nullptr);
  EXPECT_THAT(texts(cells, "source"), Each(std::string("ae")));
  cells = predicted({"--where", "lane=two"});
  EXPECT_THAT(texts(cells, "lane"), Each(std::string("two"))) << "by which they were taken";
  EXPECT_EQ(cells.find("control_lane"), nullptr);
}

}  // namespace
}  // namespace sparcell::test
