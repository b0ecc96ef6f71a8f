// What the stations before the models fitted, and how other files are brought into the models' space by it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/experiment.h"

namespace sparcell {

/// All that is needed to bring another file into the models' space.
struct Preprocessing {
  Normalization normalization;
  std::vector<std::string>
      counted;                     ///< names of the genes that make up a cell's sum: those that filters kept
  std::vector<std::string> genes;  ///< names of the selected genes, in the models' order
  /// How many genes of the file before each of those have its name. Empty where each is the next of its name.
  std::vector<std::int64_t> counted_occurrence{}, genes_occurrence{};
  Scaler scaler;  ///< empty without standardization
};

/// How many names before each are the same.
std::vector<std::int64_t> occurrences(const std::vector<std::string>& names);

/// Another file in the models' space: read, normalized with what was fitted, the models' genes in their
/// order. Throws DataError that counts the genes that the file lacks, unless `fill_missing` takes zeros for
/// them.
Dataset bring_into_space(Context& context, const ReadOptions& read_options, const Preprocessing& fitted,
                         bool fill_missing, Log& log);

void write_preprocessing(const std::string& path, const Preprocessing& fitted);
Preprocessing read_preprocessing(const std::string& path);

}  // namespace sparcell
