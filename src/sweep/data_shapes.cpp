#include "sweep/data_shapes.h"

#include <algorithm>

#include "sparcell/config.h"

namespace sparcell {

const Prepared& DataShapes::prepared(const Experiment& experiment, Log& log) {
  Experiment before_models = experiment;
  before_models.model.clear();
  before_models.evaluate = {};
  before_models.device.clear();
  const std::string key = experiment.read.path + "|" + config_hash(before_models, "");
  const auto found = prepared_.find(key);
  if (found != prepared_.end()) return found->second;
  log.info("{} is read, for its models' conditions", experiment.read.path);
  Context context({}, static_cast<int>(experiment.threads));
  StageCosts costs;
  Prepared prepared = prepare(context, experiment, silent_, costs);
  prepared.data.x.indices = {};
  prepared.data.x.values = {};
  prepared.data.raw = {};
  return prepared_.emplace(key, std::move(prepared)).first->second;
}

DataShape DataShapes::of(const Experiment& experiment, const DataOutline& outline, Log& log) {
  const bool all = experiment.select.flavor == SelectFlavor::all;
  DataShape shape{.genes = all ? outline.genes : std::min(experiment.select.genes, outline.genes),
                  .tables = std::vector<TableShape>(experiment.model.size())};
  if (std::none_of(experiment.model.begin(), experiment.model.end(),
                   [](const auto& model) { return needs_table(model.second); }))
    return shape;
  const Prepared& data = prepared(experiment, log);
  shape.genes = data.data.gene_count();
  Context context({}, static_cast<int>(experiment.threads));
  for (std::size_t m = 0; m < shape.tables.size(); ++m) {
    const auto& [name, options] = experiment.model[m];
    if (needs_table(options)) shape.tables[m] = table_shape(context, name, options, data, silent_);
  }
  return shape;
}

}  // namespace sparcell
