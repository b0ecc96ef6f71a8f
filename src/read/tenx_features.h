// The features of 10x data: which rows of the count matrix are the genes that were asked for.
#pragma once

#include <string>
#include <vector>

#include "sparcell/core/matrix.h"
#include "sparcell/core/table.h"

namespace sparcell {

/// Columns of a 10x file, one entry a feature; `types` and `genomes` may be empty (old files).
struct Features {
  std::vector<std::string> ids;
  std::vector<std::string> names;
  std::vector<std::string> types;
  std::vector<std::string> genomes;
};

/// Which features have the type and genome (empty: any). Throws DataError where none has, listing what there
/// is.
std::vector<bool> choose_features(const Features& features, const std::string& type,
                                  const std::string& genome, const std::string& where);

/// var of the chosen features: names, gene_ids, feature_types, genome.
Table gene_table(const Features& features, const std::vector<bool>& chosen);

/// Drops the columns that are not chosen, in place.
void keep_columns(Csr<float>& matrix, const std::vector<bool>& chosen);

}  // namespace sparcell
