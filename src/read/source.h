// An input file of any format: what the station asks of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hdf5/file.h"
#include "sparcell/core/table.h"
#include "sparcell/read.h"

namespace sparcell {

/// A matrix of cells x genes that a file offers.
struct MatrixInfo {
  std::string name;    ///< X, layers/NAME, raw/X; matrix where a format has only one
  std::string layout;  ///< csr, csc or dense
  std::string dtype;   ///< of its values: float32, int64...
  std::string problem =
      {};  ///< why it cannot be read, where its encoding is not known; an error only when it is asked for
};

/// Sentences about what a file holds that a user should know: duplicates, columns left out, rows that were
/// not sorted.
using Remarks = std::vector<std::string>;

class Source {
 public:
  virtual ~Source() = default;

  virtual std::string format() const = 0;  ///< h5ad, loom, 10x_h5, 10x_mtx
  virtual std::vector<std::string> files() const = 0;
  /// In the order in which counts are looked for. Where there is an X it is the first.
  virtual const std::vector<MatrixInfo>& matrices() const = 0;
  virtual Table cells(Remarks& remarks) = 0;
  virtual Table genes(const std::string& matrix, Remarks& remarks) = 0;
  /// Some of the matrix's values: enough to see that it holds no counts. May be empty.
  virtual std::vector<float> sample(const std::string& matrix) = 0;
  virtual Csr<float> read(const std::string& matrix, int threads, Remarks& remarks) = 0;
};

/// Recognises the format by content and opens it. Throws DataError for anything else, with its name where it
/// is known.
std::unique_ptr<Source> open_source(const ReadOptions& options);

std::unique_ptr<Source> open_h5ad(hdf5::File file);
std::unique_ptr<Source> open_loom(hdf5::File file);
std::unique_ptr<Source> open_10x_h5(hdf5::File file, const ReadOptions& options);
/// `path`: the .mtx file, or the folder that holds one.
std::unique_ptr<Source> open_10x_mtx(const std::string& path, const ReadOptions& options);

/// `a, b, c` for sentences; the first twenty of many.
std::string list_of(const std::vector<std::string>& names);

}  // namespace sparcell
