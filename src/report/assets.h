// The files that a report is made of (src/report/page/* and plotly.js.gz), embedded when the library is
// built.
#pragma once

#include <string_view>

namespace sparcell {

/// The bytes of an embedded file. Throws InternalError for a name that was not embedded.
std::string_view asset(std::string_view name);

}  // namespace sparcell
