#include "experiment/begun_model.h"

#include "experiment/training_start.h"

namespace sparcell {
namespace {

ConditionTable table_of(Context& context, const std::string& name, const ModelOptions& options,
                        const Prepared& prepared, Log& log) {
  if (!needs_table(options)) return {};
  return ConditionTable(context, name, options, prepared, log);
}

}  // namespace

BegunModel::BegunModel(Context& context, const std::string& name, const ModelOptions& given,
                       const Prepared& prepared, std::uint64_t seed, Log& log)
    : options(with_epochs(given, std::ssize(prepared.split.train))),
      model(context, name, options, prepared.data, prepared.fitted.scaler, seed,
            table_of(context, name, options, prepared, log)) {
  model.trainable().initialize();
  model.trainable().begin_from(training_start(context, options, prepared, model.conditions(), log));
}

}  // namespace sparcell
