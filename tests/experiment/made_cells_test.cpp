// Cells that models make, as their files have them: under which conditions, with which counts, from which
// controls.
#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "experiment/equal_runs.h"
#include "sparcell/anndata.h"
#include "support/renamed.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::Not;

using Texts = std::vector<std::string>;

Texts texts(const Table& cells, const std::string& column) {
  const Column* found = cells.find(column);
  Texts values;
  for (std::int64_t c = 0; found != nullptr && c < cells.rows(); ++c) values.push_back(found->text(c));
  return values;
}

const Texts& categories(const Table& cells, const std::string& column) {
  return std::get<Categorical>(cells.find(column)->values).categories;
}

const std::vector<double>& numbers(const Table& cells, const std::string& column) {
  return std::get<std::vector<double>>(cells.find(column)->values);
}

std::vector<float> dense_row(const Csr<float>& x, std::int64_t r) {
  std::vector<float> row(static_cast<std::size_t>(x.cols));
  for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) row[x.indices[k]] = x.values[k];
  return row;
}

/// Labels as GEARS writes them, in the column `condition`; lanes one, two and three, and of one perturbation
/// all cells in lane one.
class MadeCells : public SmallExperiment {
 protected:
  const Texts gan{"~model.ae", "~model.vae", "model.gan.condition=[perturbation, lane]"},
      counts{"~model.ae", "~model.gan", "model.vae.likelihood=nb",
             "model.vae.condition=[perturbation, lane]"};
  std::string in_lane_one, other;

  MadeCells() {
    rewrite(folder / "cells.h5ad", [&](Csr<float>&, Table& cells, Table&) {
      const Texts labels = texts(cells, "perturbation");
      std::set<std::string> singles(labels.begin(), labels.end());
      std::erase_if(singles, [](const std::string& l) { return l == "control" || l.find('_') != l.npos; });
      in_lane_one = *singles.begin();
      other = *std::next(singles.begin());
      Texts conditions;
      Categorical lanes{{}, {"one", "two", "three", "never"}};
      for (std::size_t c = 0; c < labels.size(); ++c) {
        const std::size_t cut = labels[c].find('_');
        conditions.push_back(labels[c] == "control" ? "ctrl"
                             : cut == std::string::npos
                                 ? labels[c] + "+ctrl"
                                 : labels[c].substr(0, cut) + "+" + labels[c].substr(cut + 1));
        lanes.codes.push_back(labels[c] == in_lane_one ? 0 : static_cast<std::int32_t>(c % 3));
      }
      std::vector<std::int64_t> detected(labels.size());
      std::iota(detected.begin(), detected.end(), 100);
      cells.columns.clear();
      cells.set({.name = "n_genes", .values = std::move(detected), .missing = {}});
      cells.set({.name = "condition", .values = conditions, .missing = {}});
      cells.set({.name = "lane", .values = lanes, .missing = {}});
    });
  }

  void succeed(const Texts& arguments) {
    const Finished done = program(arguments);
    ASSERT_EQ(done.code, 0) << done.err;
  }
  std::string fail(const Texts& arguments, int code) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, code) << done.err;
    const std::size_t sentence = done.err.find("sparcell: ");
    EXPECT_NE(sentence, std::string::npos) << done.err;
    EXPECT_EQ(done.err.find('\n', sentence), done.err.size() - 1) << done.err;
    EXPECT_FALSE(exists("bad.h5ad"));
    return done.err;
  }
  Texts with(Texts options, const Texts& more) {
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }
  /// Rows of the run's cells, by barcode.
  std::map<std::string, std::int64_t> places(const Table& cells) {
    std::map<std::string, std::int64_t> found;
    for (std::int64_t c = 0; c < cells.rows(); ++c) found[cells.names[c]] = c;
    return found;
  }
  /// Sums of the counts of every cell of the file.
  std::vector<double> totals() {
    const Csr<float> x = read_matrix(folder / "cells.h5ad");
    std::vector<double> sums;
    for (std::int64_t c = 0; c < x.rows; ++c)
      sums.push_back(
          std::accumulate(x.values.begin() + x.offsets[c], x.values.begin() + x.offsets[c + 1], 0.0));
    return sums;
  }
};

/// What a cell is said to be made under is what it was made under: the same cell, when that is chosen.
TEST_F(MadeCells, GeneratedCellsSayTheirConditions) {
  for (const Texts& options : {gan, with(counts, {"model.vae.library=decoded"})}) {
    finished_run("r", options);
    const bool is_gan = options[0] == "~model.ae" && options[1] == "~model.vae";
    const std::string file = folder / (is_gan ? "r/generated_gan.h5ad" : "r/generated_vae.h5ad");
    const Table real = read_obs(folder / "r/latent.h5ad"), made = read_obs(file);
    EXPECT_EQ(categories(made, "perturbation"), categories(real, "perturbation"));
    EXPECT_EQ(categories(made, "lane"), categories(real, "lane"));
    EXPECT_THAT(categories(made, "lane"), Contains("never"));
    EXPECT_THAT(texts(made, "condition"), IsSubsetOf(texts(real, "condition")));
    EXPECT_THAT(texts(made, "source"), Each(std::string(is_gan ? "gan" : "vae")));
    const Texts perturbations = texts(made, "perturbation"), lanes = texts(made, "lane"),
                labels = texts(made, "condition");
    EXPECT_GT(std::set<std::string>(perturbations.begin(), perturbations.end()).size(), 2u);
    const Csr<float> x = read_matrix(file);
    const std::string first = perturbations[0], lane = lanes[0];
    EXPECT_THAT((Texts{first, first + "+ctrl", "ctrl"}), Contains(labels[0]));
    succeed({"generate", "r", "chosen.h5ad", "--cells", std::to_string(x.rows), "--seed", "3",
             "--perturbation", first, "--condition", "lane=" + lane});
    const Csr<float> chosen = read_matrix(folder / "chosen.h5ad");
    for (std::int64_t c = 0; c < x.rows; ++c) {
      const bool same = perturbations[c] == first && lanes[c] == lane;
      EXPECT_EQ(dense_row(x, c) == dense_row(chosen, c), same) << perturbations[c] << " " << lanes[c];
    }
    const Table said = read_obs(folder / "chosen.h5ad");
    EXPECT_THAT(texts(said, "perturbation"), Each(first));
    EXPECT_THAT(texts(said, "condition"), Each(labels[0]));
    EXPECT_THAT(texts(said, "lane"), Each(lane));
    EXPECT_EQ(categories(said, "perturbation"), categories(real, "perturbation"));
    std::filesystem::remove_all(folder / "r");
  }
}

TEST_F(MadeCells, WhatIsNotChosenIsAsInTheTrainingCellsThatHaveTheChosen) {
  finished_run("r", gan);
  succeed({"generate", "r", "one.h5ad", "--cells", "40", "--perturbation", in_lane_one});
  EXPECT_THAT(texts(read_obs(folder / "one.h5ad"), "lane"), Each(std::string("one")));
  succeed({"generate", "r", "two.h5ad", "--cells", "40", "--condition", "lane=two"});
  const Texts of_two = texts(read_obs(folder / "two.h5ad"), "perturbation");
  EXPECT_THAT(of_two, Not(Contains(in_lane_one)));
  EXPECT_GT(std::set<std::string>(of_two.begin(), of_two.end()).size(), 2u);
  // A pair that no cell has is of the genes that are known, in the lanes of all training cells.
  const std::string pair = in_lane_one + "+" + other;
  const Texts known = categories(read_obs(folder / "r/latent.h5ad"), "perturbation");
  ASSERT_THAT(known, Not(Contains(pair)));
  succeed({"generate", "r", "pair.h5ad", "--cells", "40", "--perturbation", other + "+" + in_lane_one});
  const Table cells = read_obs(folder / "pair.h5ad");
  EXPECT_THAT(texts(cells, "perturbation"), Each(pair));
  EXPECT_THAT(texts(cells, "condition"), Each(pair));
  EXPECT_EQ(categories(cells, "perturbation"), with(known, {pair}));
  const Texts lanes = texts(cells, "lane");
  EXPECT_EQ(std::set<std::string>(lanes.begin(), lanes.end()).size(), 3u);
}

TEST_F(MadeCells, ConditionsThatAModelIsNotToldAreRefused) {
  finished_run("r", gan);
  const auto error = [&](const Texts& more, int code) {
    return fail(with({"generate", "r", "bad.h5ad", "--cells", "3"}, more), code);
  };
  EXPECT_THAT(error({"--perturbation", "NOSUCH"}, 3), HasSubstr("no training cell is perturbed in NOSUCH"));
  EXPECT_THAT(error({"--condition", "lane=never"}, 3),
              HasSubstr("no training cell has 'never' in lane; there are lane=one, lane=three, lane=two"));
  EXPECT_THAT(error({"--condition", "lane=tow"}, 3), HasSubstr("; did you mean 'two'?\n"));
  EXPECT_THAT(error({"--condition", "line=two"}, 2), HasSubstr("; did you mean 'lane'?\n"));
  EXPECT_THAT(error({"--condition", "batch=1"}, 2), HasSubstr("the model is told no obs column batch"));
  EXPECT_THAT(error({"--condition", "lane"}, 2), HasSubstr("--condition lane: expected COLUMN=VALUE"));
  EXPECT_THAT(error({"--condition", "lane=one", "--condition", "lane=two"}, 2),
              HasSubstr("lane is given twice"));
  finished_run("plain", {"~model.ae", "~model.vae"});
  EXPECT_THAT(fail({"generate", "plain", "bad.h5ad", "--cells", "3", "--perturbation", other}, 2),
              HasSubstr("the model is told no perturbation, so none can be chosen"));
}

/// Expression is log(1 + count / size factor), of integers; library sizes are those of training cells under
/// the same conditions.
TEST_F(MadeCells, CountModelsGiveTheCountsBehindTheirExpression) {
  finished_run("r", counts);
  const Table real = read_obs(folder / "r/latent.h5ad"), made = read_obs(folder / "r/generated_vae.h5ad");
  const Csr<float> x = read_matrix(folder / "r/generated_vae.h5ad"),
                   drawn = read_matrix(folder / "r/generated_vae.h5ad", "layers/counts");
  ASSERT_EQ(drawn.rows, x.rows);
  ASSERT_GT(drawn.nonzeros(), x.rows);
  for (const float count : drawn.values) ASSERT_TRUE(count >= 1 && count == std::floor(count)) << count;
  const std::vector<double>&library = numbers(made, "library_size"), &factor = numbers(made, "size_factor");
  for (std::int64_t c = 0; c < x.rows; ++c) {
    const std::vector<float> values = dense_row(x, c), integers = dense_row(drawn, c);
    for (std::size_t g = 0; g < values.size(); ++g)
      ASSERT_NEAR(values[g], std::log1p(integers[g] / factor[c]), 1e-6);
  }
  std::map<std::pair<std::string, std::string>, std::set<double>> of_training;
  const std::vector<double> sums = totals();
  for (std::int64_t c = 0; c < real.rows(); ++c) {
    if (real.find("split")->text(c) == "train")
      of_training[{real.find("perturbation")->text(c), real.find("lane")->text(c)}].insert(
          std::round(sums[c]));
  }
  for (std::int64_t c = 0; c < x.rows; ++c) {
    const auto own = std::pair(made.find("perturbation")->text(c), made.find("lane")->text(c));
    EXPECT_TRUE(of_training[own].contains(std::round(library[c]))) << library[c];
  }
  succeed({"generate", "r", "new.h5ad", "--cells", std::to_string(x.rows), "--seed", "3"});
  EXPECT_EQ(read_matrix(folder / "new.h5ad", "layers/counts").values, drawn.values);
}

/// Of all genes, expression is what normalize_total makes of the drawn counts: a cell's own sum goes to the
/// target, whatever library the model had in mind. Of some, the others keep a part of the library.
TEST_F(MadeCells, DrawnCountsAreNormalizedByTheirOwnSumWhereAllGenesAreSelected) {
  const Texts to_thousand = with(counts, {"normalize.target_sum=1000", "model.vae.likelihood=zinb"});
  finished_run("all", with(to_thousand, {"~select.genes", "select.flavor=all"}));
  finished_run("some", to_thousand);
  const auto sums_of = [&](const std::string& file) {
    std::vector<double> sums;
    const Csr<float> drawn = read_matrix(folder / file, "layers/counts");
    for (std::int64_t c = 0; c < drawn.rows; ++c) {
      const std::vector<float> row = dense_row(drawn, c);
      sums.push_back(std::accumulate(row.begin(), row.end(), 0.0));
    }
    return sums;
  };
  for (const char* file : {"all/generated_vae.h5ad", "some/generated_vae.h5ad"}) {
    const std::vector<double> sums = sums_of(file), factor = numbers(read_obs(folder / file), "size_factor");
    for (std::size_t c = 0; c < sums.size(); ++c) {
      if (std::string(file).starts_with("some")) {
        EXPECT_GT(factor[c], sums[c] / 1000) << file << ", cell " << c;
      } else {
        EXPECT_NEAR(factor[c], sums[c] > 0 ? sums[c] / 1000 : 1, 1e-9) << file << ", cell " << c;
      }
    }
  }
}

/// Their zeros are no surprise to a model of counts, and cells that are drawn as they are have hardly any.
TEST_F(MadeCells, CellsWithoutCountsAreTakenToHaveHalfACount) {
  rewrite(folder / "cells.h5ad", [](Csr<float>& x, Table&, Table&) {
    Csr<float> kept;
    kept.cols = x.cols;
    for (kept.rows = 0; kept.rows < x.rows; ++kept.rows) {
      if (kept.rows % 4 != 0) {
        const auto first = x.offsets[kept.rows], last = x.offsets[kept.rows + 1];
        kept.indices.insert(kept.indices.end(), x.indices.begin() + first, x.indices.begin() + last);
        kept.values.insert(kept.values.end(), x.values.begin() + first, x.values.begin() + last);
      }
      kept.offsets.push_back(std::ssize(kept.indices));
    }
    x = std::move(kept);
  });
  finished_run("r", with(counts, {"train.epochs=1"}));
  const Table made = read_obs(folder / "r/generated_vae.h5ad");
  const Csr<float> drawn = read_matrix(folder / "r/generated_vae.h5ad", "layers/counts");
  int empty = 0;
  for (std::int64_t c = 0; c < drawn.rows; ++c) {
    const double library = numbers(made, "library_size")[c];
    const std::vector<float> row = dense_row(drawn, c);
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    if (library > 1) {
      EXPECT_GT(sum, 10) << "cell " << c << " of " << library;
      continue;
    }
    ++empty;
    EXPECT_NEAR(library, 0.5, 1e-6) << "cell " << c;
    EXPECT_LE(sum, 6) << "cell " << c;  // a Poisson number of mean 0.5 is above that once in a million
  }
  EXPECT_GT(empty, 0);
}

TEST_F(MadeCells, OtherModelsHaveNoCounts) {
  finished_run("r", {"~model.ae", "model.vae.likelihood=gaussian"});
  for (const char* model : {"vae", "gan"}) {
    const std::string file = folder / fmt::format("r/generated_{}.h5ad", model);
    EXPECT_EQ(read_obs(file).find("library_size"), nullptr);
    EXPECT_THAT(error_of([&] { read_matrix(file, "layers/counts"); }), HasSubstr("counts"));
  }
}

TEST_F(MadeCells, RunsOfCountModelsHaveEqualBits) {
  for (const char* likelihood : {"nb", "zinb"}) {
    const std::string of = fmt::format("model.vae.likelihood={}", likelihood);
    finished_run("a", with(counts, {of}));
    finished_run("b", with(counts, {of}));
    EXPECT_EQ(differences(folder / "a", folder / "b"), Texts{});
    std::filesystem::remove_all(folder / "a");
    std::filesystem::remove_all(folder / "b");
  }
}

/// Counts that are predicted are drawn at the control's own library size; expression is what is expected.
TEST_F(MadeCells, PredictedCountsAreDrawn) {
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

TEST_F(MadeCells, PredictSaysWhichControlsItStartsFrom) {
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
TEST_F(MadeCells, PredictedCellsSayWhatIsOfTheirControl) {
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

/// Dispersions of a perturbation that no training cell has cannot be known: its means can.
TEST_F(MadeCells, CountsNeedDispersionsThatAreKnown) {
  finished_run("r", with(counts, {"model.vae.dispersion=gene_perturbation"}));
  const std::string pair = in_lane_one + "+" + other;
  const Finished done = program({"predict", "r", "p.h5ad", "--perturbation", pair});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("no counts are drawn: no training cell has the perturbation " + pair));
  EXPECT_EQ(read_obs(folder / "p.h5ad").find("library_size"), nullptr);
  EXPECT_THAT(
      fail({"generate", "r", "bad.h5ad", "--cells", "3", "--perturbation", pair}, 3),
      HasSubstr("no training cell has the perturbation " + pair + ", whose dispersions cannot be known"));
  succeed({"predict", "r", "q.h5ad", "--perturbation", other});
  EXPECT_NE(read_obs(folder / "q.h5ad").find("library_size"), nullptr);
}

/// Dispersions alone tie cells to perturbations.
TEST_F(MadeCells, CellsWithDispersionsOfTheirPerturbationSayIt) {
  finished_run("r", {"~model.ae", "~model.gan", "model.vae.likelihood=nb", "model.vae.library=decoded",
                     "model.vae.dispersion=gene_perturbation"});
  const Table made = read_obs(folder / "r/generated_vae.h5ad");
  const Texts perturbations = texts(made, "perturbation");
  EXPECT_EQ(made.find("lane"), nullptr);
  const Csr<float> x = read_matrix(folder / "r/generated_vae.h5ad", "layers/counts");
  succeed({"generate", "r", "chosen.h5ad", "--cells", std::to_string(x.rows), "--seed", "3", "--perturbation",
           perturbations[0]});
  const Csr<float> chosen = read_matrix(folder / "chosen.h5ad", "layers/counts");
  std::int64_t others = 0, differing = 0;
  for (std::int64_t c = 0; c < x.rows; ++c) {
    const bool equal = dense_row(x, c) == dense_row(chosen, c);
    if (perturbations[c] == perturbations[0]) {
      EXPECT_TRUE(equal) << c;
    } else {
      ++others;
      differing += !equal;
    }
  }
  EXPECT_GT(differing, others / 2);
}

}  // namespace
}  // namespace sparcell::test
