// The JSON schema of experiment files, with what only stations know.
#pragma once

#include <nlohmann/json.hpp>

namespace sparcell {

/// config_schema() with the metrics that `evaluate.metrics` may name, each with its definition.
nlohmann::ordered_json experiment_schema();

}  // namespace sparcell
