#include "core/nearest.h"

#include <algorithm>
#include <cctype>

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

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](unsigned char c) { return std::tolower(c); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](unsigned char x, unsigned char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t shortest_stem = 3;
  for (const std::string& candidate : known) {
    if (same_but_for_case(name, candidate)) return candidate;
  }
  const int most_edits = std::max(1, static_cast<int>(name.size()) / 3);
  std::string best;
  int fewest = most_edits + 1;
  for (const std::string& candidate : known) {
    const int distance = edits(name, candidate);
    if (distance < fewest && distance < static_cast<int>(name.size())) {  // something of it stays
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

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const std::string meant = nearest(name, known);
  return meant.empty() || meant == name ? "" : "; did you mean '" + meant + "'?";
}

}  // namespace sparcell
