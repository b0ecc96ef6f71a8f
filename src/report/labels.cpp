#include "report/labels.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <random>
#include <utility>

namespace sparcell {
namespace {

int rank(const std::string& name) {
  return name == "train" ? 0 : name == "validation" ? 1 : name == "test" ? 2 : 3;
}

}  // namespace

Labels::Labels(const Table& obs, const std::string& column) : codes(obs.rows(), -1) {
  const Column* found = obs.find(column);
  if (found == nullptr) return;
  const auto earlier = [](const std::string& a, const std::string& b) {
    return std::pair(rank(a), a) < std::pair(rank(b), b);
  };
  std::map<std::string, std::int64_t, decltype(earlier)> places(earlier);
  for (std::int64_t row = 0; row < obs.rows(); ++row) places[found->text(row)] = 0;
  places.erase("");
  for (auto& [name, place] : places) {
    place = static_cast<std::int64_t>(names.size());
    names.push_back(name);
  }
  for (std::int64_t row = 0; row < obs.rows(); ++row) {
    const std::string name = found->text(row);
    if (!name.empty()) codes[row] = places[name];
  }
}

std::vector<std::int64_t> Labels::cells(const std::string& name) const {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] >= 0 && names[codes[row]] == name) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

std::vector<std::int64_t> counted(std::int64_t rows) {
  std::vector<std::int64_t> all(rows);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<std::int64_t> drawn(const std::vector<std::int64_t>& rows, std::int64_t wanted) {
  std::vector<std::int64_t> chosen;
  std::mt19937_64 random(0);
  std::sample(rows.begin(), rows.end(), std::back_inserter(chosen), wanted, random);
  return chosen;
}

}  // namespace sparcell
