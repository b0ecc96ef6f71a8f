#include "sparcell/core/log.h"

#include <cstdio>

namespace sparcell {

Log::Log()
    : sink_([](Level level, const std::string& line) {
        std::fprintf(stderr, "%s%s\n", level == Level::warning ? "warning: " : "", line.c_str());
      }) {}

}  // namespace sparcell
