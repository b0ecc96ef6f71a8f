#include "select/names.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <unordered_map>

#include "core/guides.h"
#include "core/nearest.h"

namespace sparcell {
namespace {

using GeneIndex = std::unordered_map<std::string, std::int32_t>;

GeneIndex index_genes(const Table& genes) {
  GeneIndex index;
  for (std::size_t g = 0; g < genes.names.size(); ++g)
    index.emplace(genes.names[g], static_cast<std::int32_t>(g));
  return index;
}

std::string trimmed(const std::string& line) {
  const char* blanks = " \t\r\n";
  const std::size_t first = line.find_first_not_of(blanks);
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> lines_of(const std::string& path) {
  if (path.empty())
    throw UsageError("select.flavor list needs select.file, a text file with one gene name a line");
  std::ifstream file(path);
  if (!file) throw DataError("select.file: {} cannot be read", path);
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    line = trimmed(line);
    if (!line.empty()) names.push_back(line);
  }
  if (file.bad()) throw DataError("select.file: {} cannot be read to its end", path);
  if (names.empty()) throw DataError("select.file: {} names no gene", path);
  return names;
}

std::string first_names(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 5;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(shown, names.size()));
  return fmt::format("{}{}", fmt::join(names.begin(), end, ", "), names.size() > shown ? "..." : "");
}

}  // namespace

std::vector<std::int32_t> genes_of_list(const Table& genes, const std::string& path) {
  const GeneIndex index = index_genes(genes);
  std::vector<std::int32_t> taken;
  std::vector<std::string> unknown;
  std::set<std::int32_t> seen;
  for (const std::string& name : lines_of(path)) {
    const auto found = index.find(name);
    if (found == index.end()) {
      unknown.push_back(name);
    } else if (seen.insert(found->second).second) {
      taken.push_back(found->second);
    }
  }
  if (!unknown.empty()) {
    throw DataError(
        "select.file: {} names {} that the data set lacks: {}; its genes are named like {}{}", path,
        unknown.size() == 1 ? "a gene" : fmt::format("{} genes", unknown.size()), first_names(unknown),
        first_names({genes.names.begin(), genes.names.begin() + std::min<std::ptrdiff_t>(3, genes.rows())}),
        unknown.size() == 1 ? did_you_mean(unknown[0], genes.names) : "");
  }
  return taken;
}

std::vector<std::int32_t> perturbed_genes(const Dataset& data, Log& log) {
  const GeneIndex index = index_genes(data.genes);
  std::set<std::int32_t> found;
  std::set<std::string> absent;
  for (const std::vector<std::string>& parts : data.perturbations.parts) {
    for (const std::string& part : parts) {
      auto gene = index.find(part);
      if (gene == index.end()) gene = index.find(without_guide_number(part));
      if (gene == index.end()) {
        absent.insert(without_guide_number(part));
      } else {
        found.insert(gene->second);
      }
    }
  }
  if (!absent.empty()) {
    log.warn("select.include_perturbed: {} perturbed genes are not in the matrix: {}", absent.size(),
             first_names({absent.begin(), absent.end()}));
  }
  return {found.begin(), found.end()};
}

}  // namespace sparcell
