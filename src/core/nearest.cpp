#include "core/nearest.h"

#include <algorithm>

namespace sparcell {
namespace {

/// Optimal string alignment distance.
int edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<int>> d(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = static_cast<int>(i + j);
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t shortest_stem = 3;
  const int most_edits = std::max(1, static_cast<int>(name.size()) / 3);
  std::string best;
  int fewest = most_edits + 1;
  for (const std::string& candidate : known) {
    const int distance = edits(name, candidate);
    if (distance < fewest) {
      fewest = distance;
      best = candidate;
    }
  }
  if (!best.empty()) return best;
  for (const std::string& candidate : known) {
    if (std::min(name.size(), candidate.size()) >= shortest_stem &&
        (candidate.starts_with(name) || name.starts_with(candidate))) {
      return candidate;
    }
  }
  return "";
}

}  // namespace sparcell
