// Which weights of its models a run judged.
#pragma once

#include <string>

#include "report/json.h"

namespace sparcell {

/// "Judged are the best weights of ae (after 19 of 20 epochs); the last of gan."; empty where the result does
/// not say it, as that of an earlier version.
std::string judged_weights(const Json& result);

}  // namespace sparcell
