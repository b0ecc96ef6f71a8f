// Which matrix of a file is used, and what its values are.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "read/source.h"

namespace sparcell {

/// What the values of a matrix look like.
struct ValueKind {
  bool finite = true;
  bool negative = false;
  bool integers = true;
  float largest = 0;

  bool counts() const { return finite && !negative && integers; }
  bool fractional_counts() const { return finite && !negative; }
  std::string description() const;  ///< "integer counts", "fractions up to 7.3 (log-normalized?)"...
};
ValueKind kind_of(std::span<const float> values, int threads);

struct ChosenMatrix {
  std::string name;
  Csr<float> matrix;
  ValueKind kind;
};

/// The matrix that `read.counts` names, or X, or the first that holds counts. Throws DataError where there is
/// none, saying what was found instead, and for values that are not finite.
ChosenMatrix choose_matrix(Source& source, const ReadOptions& options, MatrixNeed need, int threads,
                           Remarks& remarks);

/// Why no matrix was taken for counts.
struct NoCounts {
  std::vector<std::string> found;  ///< what those hold that have none
  bool fractions = false;          ///< one may have counts that are not whole
};

/// The first matrix that holds counts, if any: before all one with a count above 1.
std::optional<ChosenMatrix> find_counts(Source& source, int threads, Remarks& remarks, NoCounts& no);

}  // namespace sparcell
