#include "config/problems.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "sparcell/core/errors.h"

namespace sparcell::config {

void Problems::add(const Place& place, std::string_view path, std::string sentence) {
  for (const Problem& problem : problems_) {
    if (problem.place == place && problem.sentence == sentence) return;  // read twice, through a reference
  }
  problems_.push_back({place, std::string(path), std::move(sentence)});
}

bool Problems::touch(std::string_view path) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) {
    return problem.path == path || (problem.path.starts_with(path) && problem.path[path.size()] == '.');
  });
}

void Problems::throw_any() const {
  if (problems_.empty()) return;
  std::map<std::string, std::size_t> order;  // sources in the order in which they were read
  for (const Problem& problem : problems_) order.emplace(problem.place.source, order.size());
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Problem& a, const Problem& b) {
    return std::tuple(order[a.place.source], a.place.line, a.place.column) <
           std::tuple(order[b.place.source], b.place.line, b.place.column);
  });
  std::string text;
  for (const Problem& problem : sorted) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "\n", problem.place.text(), problem.sentence);
  }
  throw UsageError("{}", text);
}

}  // namespace sparcell::config
