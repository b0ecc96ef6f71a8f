// coverage [--sets N] [KIND...]: a table of how often 95 % intervals hold the truth, and lie wholly below or
// above it; where the truth is no difference those are the two ways to be wrong.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "coverage.h"

namespace sparcell::coverage {

void covered(const std::string& kind, const std::string& world, const std::string& size, std::int64_t sets,
             double truth, const std::function<Interval(std::int64_t set)>& draw) {
  std::int64_t below = 0, above = 0;
  for (std::int64_t set = 0; set < sets; ++set) {
    const Interval interval = draw(set);
    below += interval.high < truth ? 1 : 0;
    above += interval.low > truth ? 1 : 0;
  }
  const auto percent = [&](std::int64_t count) {
    return 100 * static_cast<double>(count) / static_cast<double>(sets);
  };
  fmt::print("| {} | {} | {} | {:.1f} | {:.1f} | {:.1f} |\n", kind, world, size,
             percent(sets - below - above), percent(below), percent(above));
  std::fflush(stdout);
}

}  // namespace sparcell::coverage

int main(int count, char** words) {
  using namespace sparcell::coverage;
  std::int64_t sets = 2000;
  std::vector<std::string> kinds;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--sets" && i + 1 < count) {
      sets = std::atoll(words[++i]);
    } else {
      kinds.push_back(word);
    }
  }
  fmt::print(
      "| interval | world | size | holds the truth, % | below it | above it |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  const auto wanted = [&](const char* kind) {
    return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  if (wanted("cells")) means_over_cells(sets);
  if (wanted("perturbations")) means_over_perturbations(sets);
  if (wanted("predictions")) predictions(sets);
  if (wanted("distances")) distances(sets);
  if (wanted("r2")) r2(sets);
  if (wanted("seeds")) seeds(sets);
  return 0;
}
