// A small experiment on simulated cells for tests that run the program: three models in a tenth of a second.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sparcell/anndata.h"
#include "sparcell/simulate.h"
#include "support/program.h"

namespace sparcell::test {

inline constexpr const char* small_experiment_yaml = R"(name: small
seed: 3
threads: 1
device: cpu
read: {path: cells.h5ad}
split: {stratify: true}
select: {genes: 60}
model:
  ae: {type: autoencoder, hidden: [16], latent: 4, dropout: [0.1]}
  vae: {type: vae, hidden: [16], latent: 4, dropout: [0.1]}
  gan: {type: gan, latent: 4, generator: {hidden: [16], dropout: [0]}, critic: {hidden: [16], dropout: [0.1]}}
train: {epochs: 3, batch: 32}
evaluate: {resamples: 100}
report: {html: false}
)";

/// A folder with cells.h5ad (240 cells x 120 genes) and small.yaml, in which the program runs.
class SmallExperiment : public testing::Test {
 protected:
  SmallExperiment() {
    simulate(folder / "cells.h5ad",
             {.cells = 240, .genes = 120, .perturbations = 4, .doubles = 1, .controls = 0.3, .density = 0.3},
             silent);
    write_bytes(folder / "small.yaml", small_experiment_yaml);
    around.folder = folder.path();
  }

  Finished program(const std::vector<std::string>& arguments) { return sparcell(arguments, around); }
  /// `sparcell run small.yaml` with overrides and options.
  Finished run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"run", "small.yaml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program(arguments);
  }
  /// A finished run in `name`.
  void finished_run(const std::string& name, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--out", name});
    const Finished done = run(more);
    ASSERT_EQ(done.code, 0) << done.err;
  }

  bool exists(const std::string& name) const { return std::filesystem::exists(folder / name); }
  nlohmann::json json(const std::string& name) const {
    return nlohmann::json::parse(file_bytes(folder / name));
  }
  /// Names of everything in the folder, sorted, folders below it included.
  std::vector<std::string> files(const std::string& below = ".") const {
    std::vector<std::string> names;
    const std::filesystem::path root = folder.path() / below;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(root));
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// The test cells of a run in a file of their own, with annotations as they are or changed.
  void write_test_cells(const std::string& run, const std::string& file,
                        const std::function<void(Table&)>& change = [](Table&) {}) const {
    const Table cells = read_obs(folder / "cells.h5ad"), of_run = read_obs(folder / (run + "/latent.h5ad"));
    ASSERT_EQ(of_run.names, cells.names) << "no filter took cells";
    std::vector<std::int32_t> test;
    for (std::int32_t cell = 0; cell < cells.rows(); ++cell) {
      if (of_run.find("split")->text(cell) == "test") test.push_back(cell);
    }
    const Csr<float> x = take_rows(read_matrix(folder / "cells.h5ad"), test);
    AnnDataContent content;
    content.x = &x;
    content.obs = take_rows(cells, test);
    content.var = read_var(folder / "cells.h5ad");
    change(content.obs);
    write_anndata(folder / file, content);
  }

  TemporaryFolder folder;
  Surroundings around;
  Log silent{[](Log::Level, const std::string&) {}};
};

}  // namespace sparcell::test
