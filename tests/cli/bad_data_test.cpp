// Data that a run cannot use: one clear sentence, exit code 3, nothing left behind.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "read/fixtures.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BadData : public SmallExperiment {
 protected:
  /// What the program says of a run that must end with a data error and leave nothing behind.
  std::string refused(const std::vector<std::string>& options) {
    const std::vector<std::string> before = files();
    std::vector<std::string> all = options;
    all.insert(all.end(), {"--out", "r"});
    const Finished done = run(all);
    EXPECT_EQ(done.code, 3) << done.err;
    EXPECT_EQ(files(), before);
    EXPECT_FALSE(exists("r"));
    const std::size_t start = done.err.rfind("sparcell: ");
    EXPECT_EQ(std::count(done.err.begin() + static_cast<std::ptrdiff_t>(std::min(start, done.err.size())),
                         done.err.end(), '\n'),
              1)
        << done.err;
    return start == std::string::npos ? done.err : done.err.substr(start);
  }
  /// The same for an AnnData file whose X is spoiled.
  std::string refused_matrix(const std::function<void(SparseParts&)>& spoil,
                             std::vector<std::string> options = {}) {
    SparseParts parts;
    spoil(parts);
    write_h5ad_with(folder / "bad.h5ad", [&](const hdf5::Group& file) { write_sparse(file, "X", parts); });
    options.push_back("read.path=bad.h5ad");
    return refused(options);
  }
};

TEST_F(BadData, FilesThatCannotBeRead) {
  EXPECT_THAT(refused({"read.path=none.h5ad"}), HasSubstr("none.h5ad: there is no such file"));
  EXPECT_THAT(refused({"read.path=small.yaml"}), HasSubstr("small.yaml: is of no known format"));
  const std::string bytes = file_bytes(folder / "cells.h5ad");
  for (const std::size_t part : {bytes.size() / 4, bytes.size() / 2, bytes.size() - 1}) {
    write_bytes(folder / "short.h5ad", bytes.substr(0, part));
    EXPECT_THAT(refused({"read.path=short.h5ad"}),
                AllOf(HasSubstr("short.h5ad: "), HasSubstr("truncated or damaged")));
  }
}

TEST_F(BadData, MatricesThatAreWrong) {
  EXPECT_THAT(refused_matrix([](SparseParts& x) {
                x.shape = {4, 30};
              }),
              HasSubstr("X is 4 x 30, but there are 4 cells and 3 genes"));
  EXPECT_THAT(refused_matrix([](SparseParts& x) { x.offsets.pop_back(); }),
              HasSubstr("/X/indptr: has 4 offsets, expected 5"));
  EXPECT_THAT(refused_matrix([](SparseParts& x) { x.indices[3] = 3; }),
              HasSubstr("/X/indices: element 3 is 3, outside of the 3 columns"));
  EXPECT_THAT(refused_matrix([](SparseParts& x) { x.indices[1] = 0; }),
              HasSubstr("/X: row 0 names column 0 twice"));
  EXPECT_THAT(refused_matrix([](SparseParts& x) { x.data[2] = std::nan(""); }),
              HasSubstr("no matrix holds counts: X holds values that are not finite"));
  EXPECT_THAT(refused_matrix([](SparseParts& x) { x.data[2] = std::nan(""); }, {"normalize=none"}),
              HasSubstr("X has the value nan at cell 2, gene 1"));
  EXPECT_THAT(refused_matrix([](SparseParts& x) { x.data[2] = -1; }),
              HasSubstr("no matrix holds counts: X holds negative"));
  EXPECT_THAT(refused_matrix([](SparseParts& x) { x.data[2] = 0.5; }),
              HasSubstr("no matrix holds counts: X holds fractions"));
}

TEST_F(BadData, UnsortedIndicesAreSorted) {
  Csr<float> x = read_matrix(folder / "cells.h5ad");
  std::reverse(x.indices.begin(), x.indices.begin() + x.offsets[1]);
  std::reverse(x.values.begin(), x.values.begin() + x.offsets[1]);
  AnnDataContent content;
  content.x = &x;
  content.obs = read_obs(folder / "cells.h5ad");
  content.var = read_var(folder / "cells.h5ad");
  write_anndata(folder / "unsorted.h5ad", content);
  finished_run("sorted");
  finished_run("unsorted", {"read.path=unsorted.h5ad"});
  EXPECT_EQ(file_bytes(folder / "unsorted/metrics.csv"), file_bytes(folder / "sorted/metrics.csv"));
}

TEST_F(BadData, NamesThatAreNotThere) {
  EXPECT_THAT(refused({"read.counts=layers/raw"}),
              HasSubstr("has no matrix layers/raw (read.counts); there are X\n"));
  EXPECT_THAT(refused({"read.gene_column=symbol"}), HasSubstr("var has no column symbol"));
  EXPECT_THAT(refused({"read.perturbation.column=drug"}),
              HasSubstr("obs has no column drug (read.perturbation.column); there are perturbation,"));
  EXPECT_THAT(refused({"read.perturbation.column=perturbation", "read.perturbation.controls=[untreated]"}),
              HasSubstr("no cell is a control: obs column perturbation has the labels"));
  EXPECT_THAT(refused({"filter.obs.batch=1"}),
              HasSubstr("filter.obs.batch: cells.h5ad has no obs column batch"));
  EXPECT_THAT(refused({"filter.perturbations=[NOGENE]"}),
              HasSubstr("no cell of cells.h5ad has the label NOGENE"));
  EXPECT_THAT(refused({"select.flavor=list", "select.file=none.txt"}), HasSubstr("none.txt"));
  EXPECT_THAT(refused({"split.stratify=false", "split.by=column", "split.column=part"}),
              HasSubstr("split.column: cells.h5ad has no obs column part"));
  EXPECT_THAT(refused({"split.stratify=false", "split.by=file", "split.file=none.csv"}),
              HasSubstr("none.csv"));
}

TEST_F(BadData, ANameThatIsNearlyRightIsNamed) {
  const std::vector<std::pair<std::string, std::string>> nearly{
      {"read.counts=x", "X"},
      {"read.gene_column=programm", "program"},
      {"read.perturbation.column=perturbatio", "perturbation"},
      {"filter.obs.Guide=A", "guide"},
      {"filter.obs.perturbation=contrl", "control"},
      {"filter.perturbations=[contrl]", "control"},
      {"model.ae.condition=npert", "nperts"}};
  for (const auto& [override_text, meant] : nearly)
    EXPECT_THAT(refused({override_text}), HasSubstr("; did you mean '" + meant + "'?\n")) << override_text;
  EXPECT_THAT(refused({"split.stratify=false", "split.by=column", "split.column=npert"}),
              HasSubstr("; did you mean 'nperts'?\n"));
  const Table genes = read_var(folder / "cells.h5ad");
  write_bytes(folder / "genes.txt", genes.names[3] + "\n" + genes.names[5] + "X\n");
  EXPECT_THAT(refused({"select.flavor=list", "select.file=genes.txt"}),
              HasSubstr("; did you mean '" + genes.names[5] + "'?\n"));
}

TEST_F(BadData, NothingIsLeft) {
  EXPECT_THAT(refused({"filter.min_genes=1000"}), HasSubstr("filter.min_genes leaves none of the 240 cells"));
  EXPECT_THAT(refused({"filter.min_cells=1000"}), HasSubstr("filter.min_cells leaves none of the 120 genes"));
  EXPECT_THAT(refused({"filter.obs.guide=nobody"}),
              HasSubstr("filter.obs.guide: no cell has the value nobody"));
}

TEST_F(BadData, APerturbationWithoutCellsInAPart) {
  AnnDataContent content;
  const Csr<float> x = read_matrix(folder / "cells.h5ad");
  content.x = &x;
  content.obs.names = read_obs(folder / "cells.h5ad").names;
  content.var.names = read_var(folder / "cells.h5ad").names;
  std::vector<std::string> labels(240, "control");
  labels[7] = labels[9] = "RARE";
  content.obs.set({"perturbation", labels, {}});
  write_anndata(folder / "rare.h5ad", content);
  EXPECT_THAT(
      refused({"read.path=rare.h5ad"}),
      HasSubstr("split.stratify: perturbation RARE has 2 cells, too few for a cell in each of 3 parts"));
  EXPECT_THAT(refused({"split.stratify=false", "split.by=perturbation", "split.validation=0.01"}),
              HasSubstr("a share of 0.01 of 5 perturbations is none for validation"));
}

TEST_F(BadData, AFileThatLacksGenesOfTheModel) {
  finished_run("r", {"select.flavor=all"});
  simulate(folder / "few.h5ad", {.cells = 50, .genes = 100, .perturbations = 4, .doubles = 1}, silent);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"embed", "r", "few.h5ad", "new.h5ad", "--model", "ae"},
        {"evaluate", "r", "few.h5ad"}}) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 3);
    EXPECT_THAT(done.err, HasSubstr("few.h5ad lacks 20 of the 120 genes that the model needs"));
    EXPECT_THAT(done.err, HasSubstr("--fill-missing takes zeros for them"));
    EXPECT_FALSE(exists("new.h5ad"));
  }
  const Finished filled = program({"embed", "r", "few.h5ad", "new.h5ad", "--model", "ae", "--fill-missing"});
  EXPECT_EQ(filled.code, 0) << filled.err;
  EXPECT_THAT(filled.err,
              HasSubstr("warning: 20 of 120 genes are not in few.h5ad: zeros are taken for them"));
  EXPECT_EQ(read_obsm(folder / "new.h5ad", "X_ae").rows, 50);
}

}  // namespace
}  // namespace sparcell::test
