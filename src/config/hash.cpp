#include <fstream>
#include <iterator>

#include "config/describe_experiment.h"
#include "config/writer.h"
#include "sparcell/config.h"
#include "sparcell/core/errors.h"
#include "sparcell/core/sha256.h"

namespace sparcell {
namespace {

/// Stands for the file in the hash.
std::string checksum_of(const std::string& path, std::string_view key) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  if (!file) throw DataError("{}: cannot read the file '{}'", key, path);
  Sha256 sha;
  sha.update(std::string(std::istreambuf_iterator<char>(file), {}));
  return sha.hex();
}

}  // namespace

std::string config_hash(const Experiment& experiment, std::string_view data_checksum) {
  Experiment copy = experiment;
  copy.select.file = checksum_of(copy.select.file, "select.file");
  copy.split.file = checksum_of(copy.split.file, "split.file");
  for (auto& [name, model] : copy.model) {
    const std::string& run = model.train.init_from;
    const std::string weights = run.empty() ? "" : run + "/checkpoints/" + name + "/last.h5";
    model.train.init_from = checksum_of(weights, "train.init_from");
  }
  config::Writer writer(config::OwnTrain::complete);
  describe(writer, copy);
  config::Json all = writer.result();
  for (const char* key : {"name", "tags", "report", "train"})
    all.erase(key);  // train: each model holds all of it
  all["read"].erase("path");
  config::Json models = config::Json::array();
  for (auto& [name, model] : all["model"].items()) {
    for (const char* same : {"graph", "branches"}) model["train"].erase(same);  // results are the same
    models.push_back({name, model});
  }
  all["model"] = models;  // in their order, which nlohmann::json forgets
  all["data_checksum"] = data_checksum;
  Sha256 sha;
  sha.update(nlohmann::json(all).dump());  // keys sorted: the order of options in the source does not count
  return sha.hex();
}

std::string lineage_hash(const Experiment& experiment, std::string_view data_checksum) {
  Experiment copy = experiment;
  copy.evaluate = {};
  copy.device.clear();
  copy.threads = 0;
  for (auto& [name, model] : copy.model) {
    model.train.epochs = 1;
    model.train.early_stopping = {};
    model.train.checkpoint = {};
  }
  return config_hash(copy, data_checksum);
}

}  // namespace sparcell
