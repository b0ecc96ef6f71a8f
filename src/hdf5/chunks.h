// Chunked numeric data sets, decoded here rather than in HDF5: its version 1.10 reads past the end of a chunk
// that unpacks to less than its header claims. This is where decoding in threads, and filters that HDF5
// lacks, belong.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hdf5/file.h"

namespace sparcell::hdf5 {

/// Reads rows of a chunked data set of one or two dimensions. Keeps the last chunk, so that small consecutive
/// parts of a large chunk decode it once.
class ChunkReader {
 public:
  explicit ChunkReader(const Dataset& dataset);

  /// Rows [first, first + count) converted to HDF5's `memory_type` of `element_bytes`.
  void read_rows(std::int64_t first, std::int64_t count, hid_t memory_type, std::size_t element_bytes,
                 std::byte* out);

 private:
  struct Filter {
    H5Z_filter_t id;
    unsigned element_bytes;  ///< of a shuffle
  };

  void decode(std::int64_t row, std::int64_t column, hid_t memory_type, std::size_t element_bytes);
  void read_stored(const hsize_t* offset, unsigned& skipped_filters);
  void undo(const Filter& filter);
  [[noreturn]] void refuse() const;

  Object dataset_;  ///< with an identifier of its own
  Handle type_;
  Handle properties_;
  std::int64_t rows_, cols_;
  std::int64_t chunk_rows_, chunk_cols_;
  std::size_t chunk_bytes_;  ///< of one decoded chunk in the file's type
  std::vector<Filter> filters_;
  std::int64_t held_row_ = -1, held_column_ = -1;
  hid_t held_type_ = -1;
  std::vector<std::byte> chunk_;    ///< the chunk that is held, decoded and converted
  std::vector<std::byte> scratch_;  ///< output of a filter
};

}  // namespace sparcell::hdf5
