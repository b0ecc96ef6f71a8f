#pragma once

#include <nlohmann/json.hpp>

namespace sparcell {

using Json = nlohmann::ordered_json;  ///< keeps the order of models as the run wrote it

}  // namespace sparcell
