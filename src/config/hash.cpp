#include <fstream>
#include <iterator>
#include <utility>

#include "config/canonical.h"
#include "config/describe_experiment.h"
#include "config/writer.h"
#include "sparcell/config.h"
#include "sparcell/core/errors.h"
#include "sparcell/core/sha256.h"

namespace sparcell {
namespace {

/// Stands for the file in the hash.
template <class Unreadable = DataError>
std::string checksum_of(const std::string& path, std::string_view key) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Unreadable("{}: cannot read the file '{}'", key, path);
  Sha256 sha;
  sha.update(std::string(std::istreambuf_iterator<char>(file), {}));
  return sha.hex();
}

}  // namespace

std::string start_checksum(const std::string& run, const std::string& model) {
  return checksum_of(run + "/checkpoints/" + model + "/last.h5", "train.init_from");
}

std::string config_hash(const Experiment& experiment, std::string_view data_checksum,
                        const StartChecksums& starts) {
  Experiment copy = experiment;
  copy.read.annotations = checksum_of(copy.read.annotations, "read.annotations");
  copy.select.file = checksum_of(copy.select.file, "select.file");
  copy.split.file = checksum_of(copy.split.file, "split.file");
  for (auto& [name, model] : copy.model) {
    std::string& run = model.train.init_from;
    const auto known = starts.find(name);
    if (!run.empty()) run = known != starts.end() ? known->second : start_checksum(run, name);
    std::string& embedding = model.conditioning.embedding;
    if (embedding != ConditioningOptions::one_hot && embedding != ConditioningOptions::loadings)
      embedding = checksum_of(embedding, "conditioning.embedding");
  }
  const bool has_plan = copy.products.has_plan();
  if (has_plan) copy.products.plan = checksum_of<UsageError>(copy.products.plan, "products.plan");
  config::Writer writer(config::OwnTrain::complete);
  describe(writer, copy);
  config::Json all = std::move(writer).result();
  if (!has_plan) all.erase("products");
  if (copy.evaluate.components_of == ComponentsOf::train) all["evaluate"].erase("components_of");
  if (copy.evaluate.as_counts == CountsToo::standardized) all["evaluate"].erase("as_counts");
  if (copy.evaluate.generated_per_test_cell == 1) all["evaluate"].erase("generated_per_test_cell");
  for (const char* key : {"name", "tags", "report", "train"})
    all.erase(key);  // train: each model holds all of it
  all["read"].erase("path");
  // As before there were such things.
  if (copy.read.annotations.empty()) all["read"].erase("annotations");
  if (!copy.read.fractional_counts) all["read"].erase("fractional_counts");
  config::Json models = config::Json::array();
  for (auto& [name, model] : all["model"].items()) {
    for (const char* same : {"graph", "branches"}) model["train"].erase(same);  // results are the same
    if (model.contains("rates") && model["rates"] == "exp")
      model.erase("rates");  // as before there was a choice
    models.push_back({name, std::move(model)});
  }
  all["model"] = std::move(models);  // in their order, which counts
  all["data_checksum"] = data_checksum;
  Sha256 sha;
  sha.update(config::canonical_text(all));  // the order of options in the source does not count
  return sha.hex();
}

std::string lineage_hash(const Experiment& experiment, std::string_view data_checksum,
                         const StartChecksums& starts) {
  Experiment copy = experiment;
  copy.evaluate = {};
  copy.device.clear();
  copy.products.plan = ProductOptions::heuristic;
  copy.threads = 0;
  for (auto& [name, model] : copy.model) {
    model.train.epochs = 1;
    model.train.steps = 0;
    model.train.early_stopping = {};
    model.train.checkpoint = {};
  }
  return config_hash(copy, data_checksum, starts);
}

}  // namespace sparcell
