// Chunked numeric data sets, decoded here rather than in HDF5: in threads, with filters that HDF5 lacks, and
// because its version 1.10 reads past the end of a chunk that unpacks to less than its header claims.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hdf5/file.h"
#include "hdf5/filters.h"

namespace sparcell::hdf5 {

/// Reads rows of a chunked data set of one or two dimensions. Keeps the last chunk, so that small consecutive
/// parts of a large chunk decode it once.
class ChunkReader {
 public:
  explicit ChunkReader(const Dataset& dataset);

  /// Rows [first, first + count) in row-major order. T is float, double or std::int64_t. HDF5 is called from
  /// this thread alone; chunks are decoded by up to `threads`.
  template <Number T>
  void read_rows(std::int64_t first, std::int64_t count, T* out, int threads);

 private:
  /// A chunk on its way from the file to the caller.
  struct Chunk {
    std::int64_t row = -1, column = -1;  ///< of its first element; -1: none is held
    unsigned skipped_filters = 0;        ///< a bit for each that was not applied to it
    Undone undone = Undone::yes;
    std::vector<std::byte> bytes;    ///< as stored; after `decode` in the file's type
    std::vector<std::byte> scratch;  ///< output of a filter
  };

  void read_stored(Chunk& chunk) const;
  /// In any thread.
  void decode(Chunk& chunk) const;
  void check(const Chunk& chunk) const;
  /// What of the rows [first, first + count) a decoded chunk holds.
  template <Number T>
  void deliver(const Chunk& chunk, std::int64_t first, std::int64_t count, T* out) const;
  template <Number T>
  void convert_elements(const std::byte* stored, std::span<T> values) const;
  [[noreturn]] void refuse() const;

  Object dataset_;  ///< with an identifier of its own
  Handle type_;
  ElementType element_;
  bool converts_;  ///< without HDF5
  std::int64_t rows_, cols_;
  std::int64_t chunk_rows_, chunk_cols_;
  std::size_t chunk_bytes_;  ///< of one decoded chunk in the file's type
  std::vector<Filter> filters_;
  Chunk held_;
  std::vector<Chunk> batch_;  ///< kept for their memory
};

}  // namespace sparcell::hdf5
