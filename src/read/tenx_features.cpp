#include "read/tenx_features.h"

#include <algorithm>
#include <set>

#include "read/source.h"

namespace sparcell {
namespace {

bool matches(const std::vector<std::string>& values, std::size_t feature, const std::string& wanted) {
  return wanted.empty() || values.empty() || values[feature] == wanted;
}

void refuse(const std::vector<std::string>& values, const std::string& wanted, const char* what,
            const char* key, const std::string& where) {
  if (wanted.empty() || values.empty() || std::find(values.begin(), values.end(), wanted) != values.end())
    return;
  const std::set<std::string> present(values.begin(), values.end());
  throw DataError("{}: no feature has the {} {}; there are {} (read.{})", where, what, wanted,
                  list_of({present.begin(), present.end()}), key);
}

std::vector<std::string> take(const std::vector<std::string>& values, const std::vector<bool>& chosen) {
  std::vector<std::string> taken;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (chosen[i]) taken.push_back(values[i]);
  }
  return taken;
}

}  // namespace

std::vector<bool> choose_features(const Features& features, const std::string& type,
                                  const std::string& genome, const std::string& where) {
  refuse(features.types, type, "type", "feature_type", where);
  refuse(features.genomes, genome, "genome", "genome", where);
  std::vector<bool> chosen(features.ids.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    chosen[i] = matches(features.types, i, type) && matches(features.genomes, i, genome);
  }
  return chosen;
}

Table gene_table(const Features& features, const std::vector<bool>& chosen) {
  Table genes;
  genes.names = take(features.names, chosen);
  genes.set({"gene_ids", take(features.ids, chosen), {}});
  if (!features.types.empty()) genes.set({"feature_types", take(features.types, chosen), {}});
  if (!features.genomes.empty()) genes.set({"genome", take(features.genomes, chosen), {}});
  return genes;
}

void keep_columns(Csr<float>& matrix, const std::vector<bool>& chosen) {
  if (std::find(chosen.begin(), chosen.end(), false) == chosen.end()) return;
  std::vector<std::int32_t> renumbered(chosen.size(), -1);
  std::int32_t columns = 0;
  for (std::size_t c = 0; c < chosen.size(); ++c) {
    if (chosen[c]) renumbered[c] = columns++;
  }
  std::int64_t kept = 0;
  std::int64_t next = 0;
  for (std::int64_t r = 0; r < matrix.rows; ++r) {
    for (; next < matrix.offsets[r + 1]; ++next) {
      const std::int32_t column = renumbered[matrix.indices[next]];
      if (column < 0) continue;
      matrix.indices[kept] = column;
      matrix.values[kept++] = matrix.values[next];
    }
    matrix.offsets[r + 1] = kept;
  }
  matrix.cols = columns;
  matrix.indices.resize(static_cast<std::size_t>(kept));
  matrix.values.resize(static_cast<std::size_t>(kept));
}

}  // namespace sparcell
