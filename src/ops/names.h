// Every op by its name, which is also its range in a profiler.
#pragma once

#include <string>
#include <vector>

namespace sparcell {

std::vector<std::string> op_names();

}  // namespace sparcell
