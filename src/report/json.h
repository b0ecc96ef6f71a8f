#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace sparcell {

using Json = nlohmann::ordered_json;  ///< keeps the order of models as the run wrote it

/// JSON has no NaN: null.
inline Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace sparcell
