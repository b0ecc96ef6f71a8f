// Which models stopped before their epochs were over.
#pragma once

#include <string>
#include <vector>

#include "report/json.h"

namespace sparcell {

/// "ae stopped early, after 12 epochs; its validation loss was lowest after epoch 7.": one sentence for each
/// such model of the result.
std::vector<std::string> early_stops(const Json& result);

}  // namespace sparcell
