// Runs whose perturbation labels come from a table beside the data: the same results as with labels in the
// file.
#include <gmock/gmock.h>

#include "sparcell/anndata.h"
#include "support/renamed.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::HasSubstr;

class AnnotationsOfARun : public SmallExperiment {
 protected:
  const std::vector<std::string> told{"~model.vae", "~model.gan", "model.ae.condition=[perturbation]"};

  /// The labels leave cells.h5ad for cells.csv, in another order; with_labels.h5ad keeps them.
  void take_labels_out() {
    std::filesystem::copy(folder / "cells.h5ad", folder / "with_labels.h5ad");
    rewrite(folder / "cells.h5ad", [&](Csr<float>&, Table& cells, Table&) {
      std::string table = "barcode,perturbation\n";
      for (std::int64_t c = cells.rows(); c-- > 0;)
        table += cells.names[c] + "," + cells.find("perturbation")->text(c) + "\n";
      write_bytes(folder / "cells.csv", table);
      cells.columns.clear();
    });
  }
  std::string fail(const std::vector<std::string>& arguments, int code) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, code) << done.err;
    return done.err;
  }
  std::vector<std::string> with(std::vector<std::string> more) {
    more.insert(more.end(), told.begin(), told.end());
    return more;
  }
};

TEST_F(AnnotationsOfARun, GiveWhatLabelsInTheFileGive) {
  take_labels_out();
  EXPECT_THAT(fail({"run", "small.yaml", "model.ae.condition=[perturbation]", "--out", "none"}, 3),
              HasSubstr("perturbation"));
  finished_run("r", with({"read.annotations=cells.csv"}));
  finished_run("s", with({"read.path=with_labels.h5ad"}));
  const nlohmann::json of_table = json("r/result.json"), of_file = json("s/result.json");
  EXPECT_EQ(of_table["models"]["ae"]["test"], of_file["models"]["ae"]["test"]);
  EXPECT_EQ(of_table["baselines"], of_file["baselines"]);
  EXPECT_NE(of_table["config_hash"], of_file["config_hash"]);
}

TEST_F(AnnotationsOfARun, AreFoundAgainAndMustBeTheSame) {
  take_labels_out();
  finished_run("r", with({"read.annotations=cells.csv"}));
  const std::string label = "control";
  std::filesystem::create_symlink("cells.csv", folder / "p.h5ad");
  EXPECT_THAT(fail({"predict", "r", "p.h5ad", "--perturbation", label}, 2),
              HasSubstr("would destroy the run's annotations of cells"));
  std::filesystem::create_directory(folder / "elsewhere");
  around.folder = folder.path() / "elsewhere";
  EXPECT_EQ(fail({"predict", "../r", "p.h5ad", "--perturbation", label}, 0).find("sparcell: "),
            std::string::npos);
  // Another file's cells have no rows in the table.
  EXPECT_THAT(fail({"embed", "../r", "../with_labels.h5ad", "e.h5ad"}, 0),
              HasSubstr("240 cells in obsm/X_ae"));
  write_bytes(folder / "cells.csv", file_bytes(folder / "cells.csv") + "another,control\n");
  EXPECT_THAT(fail({"predict", "../r", "q.h5ad", "--perturbation", label}, 3),
              HasSubstr("cells.h5ad with " + (folder / "cells.csv") + " is not what ../r was trained on"));
}

TEST_F(AnnotationsOfARun, GoOnFromWhereTheyMoved) {
  take_labels_out();
  finished_run("r", with({"read.annotations=cells.csv"}));
  std::filesystem::rename(folder / "cells.csv", folder / "moved.csv");
  write_bytes(folder / "others.csv", "barcode,perturbation\ncell_0,control\n");
  fail({"resume", "r", "train.epochs=4", "read.annotations=others.csv"}, 3);
  EXPECT_EQ(json("r/result.json")["models"]["ae"]["epochs"], 3);
  fail({"resume", "r", "train.epochs=4", "read.annotations=moved.csv"}, 0);
  EXPECT_EQ(json("r/result.json")["models"]["ae"]["epochs"], 4);
}

}  // namespace
}  // namespace sparcell::test
