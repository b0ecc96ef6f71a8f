// Chunked numeric data sets, decoded here rather than in HDF5: in threads, with filters that HDF5 lacks, and
// because its version 1.10 reads past the end of a chunk that unpacks to less than its header claims.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "hdf5/file.h"
#include "hdf5/filters.h"

namespace sparcell::hdf5 {

/// Reads rows of a chunked data set of one or two dimensions. Keeps a chunk that was not read to its end, so
/// that small consecutive parts of a large one decode it once.
class ChunkReader {
 public:
  explicit ChunkReader(const Dataset& dataset);

  /// Rows [first, first + count) in row-major order. T is float, double, std::int32_t or std::int64_t; larger
  /// integers are cut. Up to `threads` decode chunks, and one at a time calls HDF5.
  template <Number T>
  void read_rows(std::int64_t first, std::int64_t count, T* out, int threads);

 private:
  /// A chunk on its way from the file to the caller.
  struct Chunk {
    std::int64_t row = -1, column = -1;  ///< of its first element; -1: none is held
    unsigned skipped_filters = 0;        ///< a bit for each that was not applied to it
    std::vector<std::byte> bytes;        ///< as stored; after `decode` in the file's type
    std::vector<std::byte> scratch;      ///< output of a filter
  };
  /// Rows that somebody asked for, and where they go.
  template <Number T>
  struct Wanted {
    std::int64_t first, last;
    T* out;
  };
  using Corner = std::pair<std::int64_t, std::int64_t>;  ///< row and column of a chunk's first element

  /// The bytes that HDF5 holds for a chunk, 0 where it was never written.
  std::size_t stored_size(const Corner& corner) const;
  void read_stored(const Corner& corner, std::size_t size, Chunk& chunk) const;
  void fill(Chunk& chunk) const;
  /// In any thread.
  void decode(Chunk& chunk) const;
  /// What of the wanted rows a decoded chunk holds.
  template <Number T>
  void deliver(const Chunk& chunk, const Wanted<T>& wanted) const;
  /// Reads a chunk to where it is wanted, if it is stored as it is wanted; else returns false.
  template <Number T>
  bool read_in_place(const Corner& corner, std::size_t size, const Wanted<T>& wanted) const;
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
};

}  // namespace sparcell::hdf5
