// What every filter does with its mask: narrow it, say so, refuse to leave nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/errors.h"
#include "sparcell/core/log.h"

namespace sparcell {

/// Up to eight names for a sentence: "a, b, c and 4 more".
inline std::string first_names(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 8;
  if (names.empty()) return "none";
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(shown, names.size()));
  const std::string list = fmt::format("{}", fmt::join(names.begin(), end, ", "));
  return names.size() > shown ? fmt::format("{} and {} more", list, names.size() - shown) : list;
}

/// Keeps the kept elements for which `wanted(index)` holds. One line in the log where that removes some;
/// DataError where it leaves none.
template <class Wanted>
void narrow(std::vector<bool>& keep, const std::string& filter, Log& log, Wanted&& wanted,
            const char* what = "cells") {
  std::int64_t before = 0, after = 0;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) continue;
    ++before;
    keep[i] = wanted(static_cast<std::int64_t>(i));
    after += keep[i];
  }
  if (after == 0) throw DataError("{} leaves none of the {} {}", filter, before, what);
  if (after < before) log.info("{} keeps {} of {} {}", filter, after, before, what);
}

}  // namespace sparcell
