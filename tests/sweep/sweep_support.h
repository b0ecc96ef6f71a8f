// A small sweep that tests run through the program.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/csv.h"
#include "support/small_experiment.h"

namespace sparcell::test {

class SmallSweep : public SmallExperiment {
 protected:
  SmallSweep() { write_sweep("parameters: {model.ae.latent: {values: [2, 3]}}, seeds: [0, 1]"); }

  void write_sweep(const std::string& sweep) const {
    write_bytes(folder / "sweep.yaml",
                std::string("name: small\nseed: 3\nthreads: 1\ndevice: cpu\n"
                            "read: {path: cells.h5ad}\nselect: {genes: 60}\n"
                            "model: {ae: {type: autoencoder, hidden: [16], latent: 4, "
                            "dropout: [0.1]}}\n"
                            "train: {epochs: 3, batch: 32, checkpoint: {every: {epochs: 2}}}\n"
                            "evaluate: {resamples: 100}\nreport: {html: false}\n") +
                    "sweep: {" + sweep + "}\n");
  }
  /// `sparcell sweep sweep.yaml --out s` with more arguments.
  std::vector<std::string> sweep_arguments(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"sweep", "sweep.yaml", "--out", "s"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Finished sweep(const std::vector<std::string>& more = {}) { return program(sweep_arguments(more)); }

  /// The rows of a CSV file of the sweep as maps from column to field.
  std::vector<std::map<std::string, std::string>> table(const std::string& name) const {
    const auto records = read_csv(folder / ("s/" + name));
    std::vector<std::map<std::string, std::string>> rows;
    for (std::size_t r = 1; r < records.size(); ++r) {
      auto& row = rows.emplace_back();
      for (std::size_t c = 0; c < records[r].size(); ++c) row[records[0][c]] = records[r][c];
    }
    return rows;
  }
  std::vector<std::string> column(const std::string& file, const std::string& name) const {
    std::vector<std::string> fields;
    for (auto& row : table(file)) fields.push_back(row[name]);
    return fields;
  }
  /// When each finished run's result was written.
  std::map<std::string, std::filesystem::file_time_type> results() const {
    std::map<std::string, std::filesystem::file_time_type> times;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "s")) {
      const auto result = entry.path() / "result.json";
      if (std::filesystem::exists(result)) times[entry.path().filename()] = last_write_time(result);
    }
    return times;
  }
};

}  // namespace sparcell::test
