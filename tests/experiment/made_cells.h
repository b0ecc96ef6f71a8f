// What tests of cells that models make share: data with labels and lanes, and looks into files of cells.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <numeric>
#include <set>

#include "sparcell/anndata.h"
#include "support/renamed.h"
#include "support/small_experiment.h"

namespace sparcell::test {

using Texts = std::vector<std::string>;

inline Texts texts(const Table& cells, const std::string& column) {
  const Column* found = cells.find(column);
  Texts values;
  for (std::int64_t c = 0; found != nullptr && c < cells.rows(); ++c) values.push_back(found->text(c));
  return values;
}

inline const Texts& categories(const Table& cells, const std::string& column) {
  return std::get<Categorical>(cells.find(column)->values).categories;
}

inline const std::vector<double>& numbers(const Table& cells, const std::string& column) {
  return std::get<std::vector<double>>(cells.find(column)->values);
}

inline std::vector<float> dense_row(const Csr<float>& x, std::int64_t r) {
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

}  // namespace sparcell::test
