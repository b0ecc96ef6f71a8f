#include "anndata/matrix.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "hdf5/parts.h"
#include "sparcell/core/parallel.h"

namespace sparcell::anndata {
namespace {

constexpr std::int64_t entries_worth_a_thread = 1 << 18;

void check_dimensions(const StoredMatrix& stored) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() - 1;
  if (stored.rows < 0 || stored.cols < 0 || stored.rows > most || stored.cols > most) {
    throw DataError("{}: a shape of {} x {} is impossible or too large", stored.where, stored.rows,
                    stored.cols);
  }
}

Layout sparse_layout(const hdf5::Group& group) {
  const bool current = group.has_attribute("encoding-type");
  if (!current && !group.has_attribute("h5sparse_format")) {
    throw DataError("{}: is a group without an encoding, expected a matrix", group.where());
  }
  const std::string encoding = group.text(current ? "encoding-type" : "h5sparse_format");
  if (encoding == "csr_matrix" || encoding == "csr") return Layout::csr;
  if (encoding == "csc_matrix" || encoding == "csc") return Layout::csc;
  throw DataError("{}: has the encoding {}, expected csr_matrix, csc_matrix or a dense array", group.where(),
                  encoding);
}

// Offsets of the compressed dimension, checked: from 0 to the number of stored values, never falling.
std::vector<std::int64_t> read_offsets(const StoredMatrix& stored) {
  const hdf5::Dataset& dataset = *stored.offsets;
  const std::int64_t compressed = stored.layout == Layout::csc ? stored.cols : stored.rows;
  const std::int64_t values = stored.values.size();
  if (dataset.shape().size() != 1 || dataset.size() != compressed + 1) {
    throw DataError("{}: has {} offsets, expected {} for a matrix of {} x {}", dataset.where(),
                    dataset.size(), compressed + 1, stored.rows, stored.cols);
  }
  if (stored.indices->size() != values) {
    throw DataError("{}: has {} indices beside {} values", stored.indices->where(), stored.indices->size(),
                    values);
  }
  std::vector<std::int64_t> offsets = dataset.read<std::int64_t>();
  if (offsets.front() != 0 || offsets.back() != values) {
    throw DataError("{}: runs from {} to {}, expected 0 to the {} stored values", dataset.where(),
                    offsets.front(), offsets.back(), values);
  }
  const auto falls = std::is_sorted_until(offsets.begin(), offsets.end());
  if (falls != offsets.end()) {
    throw DataError("{}: offset {} falls from {} to {}", dataset.where(), falls - offsets.begin(),
                    *(falls - 1), *falls);
  }
  return offsets;
}

// `part` begins with element `first` of the index array.
void check_indices(const StoredMatrix& stored, std::int64_t first, std::span<const std::int32_t> part) {
  const std::int64_t limit = stored.layout == Layout::csc ? stored.rows : stored.cols;
  std::uint32_t largest = 0;  // negative ones are larger than any limit
  for (const std::int32_t index : part) largest = std::max(largest, static_cast<std::uint32_t>(index));
  if (part.empty() || largest < limit) return;
  const auto bad =
      std::find_if(part.begin(), part.end(), [&](std::int32_t i) { return i < 0 || i >= limit; });
  throw DataError("{}: element {} is {}, outside of the {} {} of the matrix", stored.indices->where(),
                  first + (bad - part.begin()), *bad, limit,
                  stored.layout == Layout::csc ? "rows" : "columns");
}

// Calls body(first, indices) for the parts of the index array, each index checked.
template <class Body>
void for_each_index_part(const StoredMatrix& stored, int threads, Body&& body) {
  hdf5::for_each_part<std::int32_t>(
      *stored.indices,
      [&](std::int64_t first, std::span<const std::int32_t> part) {
        check_indices(stored, first, part);
        body(first, part);
      },
      threads);
}

Csr<float> empty_like(const StoredMatrix& stored) {
  Csr<float> matrix;
  matrix.rows = stored.rows;
  matrix.cols = stored.cols;
  return matrix;
}

void allocate_entries(Csr<float>& matrix, std::size_t entries) {
  matrix.indices.resize(entries);
  matrix.values.resize(entries);
}

Csr<float> read_csr(const StoredMatrix& stored, int threads) {
  Csr<float> matrix = empty_like(stored);
  matrix.offsets = read_offsets(stored);
  stored.indices->plausible_size();
  allocate_entries(matrix, static_cast<std::size_t>(stored.values.size()));
  const std::int64_t entries = std::ssize(matrix.indices);
  stored.indices->read_rows(0, entries, matrix.indices.data(), threads);
  parallel_parts(threads, entries, entries_worth_a_thread, [&](std::int64_t first, std::int64_t last, int) {
    check_indices(stored, first, std::span<const std::int32_t>(matrix.indices).subspan(first, last - first));
  });
  stored.values.read_rows(0, entries, matrix.values.data(), threads);
  return matrix;
}

// Counts of each row become offsets.
void accumulate(std::vector<std::int64_t>& offsets) {
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
}

// Counts the rows' entries, then puts each column's entries to their rows: columns come in order, so rows end
// up sorted.
Csr<float> read_csc(const StoredMatrix& stored, int threads) {
  const std::vector<std::int64_t> columns = read_offsets(stored);
  Csr<float> matrix = empty_like(stored);
  matrix.offsets.assign(static_cast<std::size_t>(stored.rows) + 1, 0);
  stored.indices->plausible_size();
  for_each_index_part(stored, threads, [&](std::int64_t, std::span<const std::int32_t> part) {
    for (const std::int32_t row : part) ++matrix.offsets[static_cast<std::size_t>(row) + 1];
  });
  accumulate(matrix.offsets);
  allocate_entries(matrix, static_cast<std::size_t>(stored.values.size()));
  std::vector<std::int64_t> next(matrix.offsets.begin(), matrix.offsets.end() - 1);
  std::int64_t column = 0;
  std::vector<float> values;
  for_each_index_part(stored, threads, [&](std::int64_t first, std::span<const std::int32_t> part) {
    values.resize(part.size());
    stored.values.read_rows(first, static_cast<std::int64_t>(part.size()), values.data(), threads);
    for (std::size_t k = 0; k < part.size(); ++k) {
      while (columns[static_cast<std::size_t>(column) + 1] <= first + static_cast<std::int64_t>(k)) ++column;
      const std::int64_t slot = next[static_cast<std::size_t>(part[k])]++;
      matrix.indices[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(column);
      matrix.values[static_cast<std::size_t>(slot)] = values[k];
    }
  });
  return matrix;
}

// Reads twice: to count, then to fill arrays of the right size.
Csr<float> read_dense(const StoredMatrix& stored, int threads) {
  Csr<float> matrix = empty_like(stored);
  matrix.offsets.assign(static_cast<std::size_t>(stored.rows) + 1, 0);
  const std::int64_t cols = stored.cols;
  const auto for_each_part = [&](auto&& body) { hdf5::for_each_part<float>(stored.values, body, threads); };
  for_each_part([&](std::int64_t first, std::span<const float> part) {
    for (std::size_t row = 0; row * cols < part.size(); ++row) {
      const auto values = part.subspan(row * cols, static_cast<std::size_t>(cols));
      matrix.offsets[static_cast<std::size_t>(first) + row + 1] =
          cols - std::count(values.begin(), values.end(), 0.0F);
    }
  });
  accumulate(matrix.offsets);
  allocate_entries(matrix, static_cast<std::size_t>(matrix.nonzeros()));
  std::size_t slot = 0;
  for_each_part([&](std::int64_t, std::span<const float> part) {
    for (std::size_t k = 0; k < part.size(); ++k) {
      if (part[k] == 0) continue;
      matrix.indices[slot] = static_cast<std::int32_t>(k % static_cast<std::size_t>(cols));
      matrix.values[slot++] = part[k];
    }
  });
  return matrix;
}

// Genes come in order, so rows end up sorted. Reads twice, as read_dense does.
Csr<float> read_dense_by_gene(const StoredMatrix& stored, int threads) {
  Csr<float> matrix = empty_like(stored);
  matrix.offsets.assign(static_cast<std::size_t>(stored.rows) + 1, 0);
  const auto cells = static_cast<std::size_t>(stored.rows);
  const auto for_each_part = [&](auto&& body) { hdf5::for_each_part<float>(stored.values, body, threads); };
  for_each_part([&](std::int64_t, std::span<const float> part) {
    for (std::size_t k = 0; k < part.size(); k += cells) {
      for (std::size_t cell = 0; cell < cells; ++cell) matrix.offsets[cell + 1] += part[k + cell] != 0;
    }
  });
  accumulate(matrix.offsets);
  allocate_entries(matrix, static_cast<std::size_t>(matrix.nonzeros()));
  std::vector<std::int64_t> next(matrix.offsets.begin(), matrix.offsets.end() - 1);
  for_each_part([&](std::int64_t first, std::span<const float> part) {
    for (std::size_t k = 0; k < part.size(); k += cells) {
      for (std::size_t cell = 0; cell < cells; ++cell) {
        if (part[k + cell] == 0) continue;
        const auto slot = static_cast<std::size_t>(next[cell]++);
        matrix.indices[slot] = static_cast<std::int32_t>(first + static_cast<std::int64_t>(k / cells));
        matrix.values[slot] = part[k + cell];
      }
    }
  });
  return matrix;
}

}  // namespace

std::string name_of(Layout layout) {
  return layout == Layout::csr ? "csr" : layout == Layout::csc ? "csc" : "dense";
}

StoredMatrix sparse_matrix(const hdf5::Group& group, Layout layout, std::int64_t rows, std::int64_t cols) {
  StoredMatrix stored{
      layout,       rows, cols, group.dataset("data"), group.dataset("indices"), group.dataset("indptr"),
      group.where()};
  check_dimensions(stored);
  if (!stored.values.type().is_number()) {
    throw DataError("{}: holds {}, expected numbers", stored.values.where(), stored.values.type().name());
  }
  return stored;
}

StoredMatrix open_matrix(const hdf5::Group& parent, const std::string& path) {
  if (parent.is_group(path)) {
    const hdf5::Group group = parent.group(path);
    const Layout layout = sparse_layout(group);
    const auto shape = group.integers(group.has_attribute("shape") ? "shape" : "h5sparse_shape");
    if (shape.size() != 2)
      throw DataError("{}: its shape has {} numbers, expected 2", group.where(), shape.size());
    return sparse_matrix(group, layout, shape[0], shape[1]);
  }
  hdf5::Dataset dataset = parent.dataset(path);
  if (dataset.shape().size() != 2 || !dataset.type().is_number()) {
    throw DataError("{}: is an array of {} with {} dimensions, expected a matrix of numbers", dataset.where(),
                    dataset.type().name(), dataset.shape().size());
  }
  const std::string where = dataset.where();
  const std::vector<std::int64_t> shape = dataset.shape();
  StoredMatrix stored{Layout::dense, shape[0],     shape[1], std::move(dataset),
                      std::nullopt,  std::nullopt, where};
  check_dimensions(stored);
  return stored;
}

CompressedRows read_rows(const StoredMatrix& stored, int threads) {
  stored.values.plausible_size();
  CompressedRows rows;
  switch (stored.layout) {
    case Layout::csr:
      rows.matrix = read_csr(stored, threads);
      break;
    case Layout::csc:
      rows.matrix = read_csc(stored, threads);
      break;
    case Layout::dense:
      rows.matrix = read_dense(stored, threads);
      break;
    case Layout::dense_by_gene:
      rows.matrix = read_dense_by_gene(stored, threads);
      break;
  }
  rows.unsorted_rows = tidy_rows(rows.matrix, stored.where, threads);
  return rows;
}

}  // namespace sparcell::anndata
