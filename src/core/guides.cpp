#include "core/guides.h"

#include <algorithm>
#include <set>
#include <unordered_set>

namespace sparcell {

std::string without_guide_number(const std::string& name) {
  const std::size_t digits = name.find_last_not_of("0123456789");
  const bool numbered =
      digits != std::string::npos && digits > 0 && digits + 1 < name.size() && name[digits] == '_';
  return numbered ? name.substr(0, digits) : name;
}

std::vector<std::vector<std::string>> genes_of_perturbations(const Dataset& data) {
  const std::unordered_set<std::string> genes(data.genes.names.begin(), data.genes.names.end());
  std::vector<std::vector<std::string>> result = data.perturbations.parts;
  std::set<std::string> found;
  for (std::vector<std::string>& parts : result) {
    for (std::string& part : parts) {
      if (!genes.contains(part)) part = without_guide_number(part);
    }
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    found.insert(parts.begin(), parts.end());
  }
  return found.size() > 1 ? result : data.perturbations.parts;
}

}  // namespace sparcell
