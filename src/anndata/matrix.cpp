#include "anndata/matrix.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>

#include "hdf5/parts.h"
#include "sparcell/core/parallel.h"

namespace sparcell::anndata {
namespace {

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

// Calls body(first, indices) for the parts of the index array, each index checked.
template <class Body>
void for_each_index_part(const StoredMatrix& stored, int threads, Body&& body) {
  const std::int64_t limit = stored.layout == Layout::csc ? stored.rows : stored.cols;
  hdf5::for_each_part<std::int64_t>(
      *stored.indices,
      [&](std::int64_t first, std::span<const std::int64_t> part) {
        for (std::size_t k = 0; k < part.size(); ++k) {
          if (part[k] < 0 || part[k] >= limit) {
            throw DataError("{}: element {} is {}, outside of the {} {} of the matrix",
                            stored.indices->where(), first + static_cast<std::int64_t>(k), part[k], limit,
                            stored.layout == Layout::csc ? "rows" : "columns");
          }
        }
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

Csr<float> read_csr(const StoredMatrix& stored, int threads) {
  Csr<float> matrix = empty_like(stored);
  matrix.offsets = read_offsets(stored);
  stored.indices->plausible_size();
  matrix.indices.resize(stored.values.plausible_size());
  matrix.values.resize(matrix.indices.size());
  for_each_index_part(stored, threads, [&](std::int64_t first, std::span<const std::int64_t> part) {
    std::transform(part.begin(), part.end(), matrix.indices.begin() + first,
                   [](std::int64_t index) { return static_cast<std::int32_t>(index); });
  });
  stored.values.read_rows(0, std::ssize(matrix.values), matrix.values.data(), threads);
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
  for_each_index_part(stored, threads, [&](std::int64_t, std::span<const std::int64_t> part) {
    for (std::int64_t row : part) ++matrix.offsets[static_cast<std::size_t>(row) + 1];
  });
  accumulate(matrix.offsets);
  matrix.indices.resize(stored.values.plausible_size());
  matrix.values.resize(matrix.indices.size());
  std::vector<std::int64_t> next(matrix.offsets.begin(), matrix.offsets.end() - 1);
  std::int64_t column = 0;
  std::vector<float> values;
  for_each_index_part(stored, threads, [&](std::int64_t first, std::span<const std::int64_t> part) {
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
  matrix.indices.resize(static_cast<std::size_t>(matrix.nonzeros()));
  matrix.values.resize(matrix.indices.size());
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
  matrix.indices.resize(static_cast<std::size_t>(matrix.nonzeros()));
  matrix.values.resize(matrix.indices.size());
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

void sort_row(std::span<std::int32_t> indices, std::span<float> values,
              std::vector<std::pair<std::int32_t, float>>& row) {
  row.clear();
  for (std::size_t k = 0; k < indices.size(); ++k) row.emplace_back(indices[k], values[k]);
  std::sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t k = 0; k < row.size(); ++k) {
    indices[k] = row[k].first;
    values[k] = row[k].second;
  }
}

// Moves the entries that are not zero together.
void drop_zeros(Csr<float>& matrix) {
  if (std::find(matrix.values.begin(), matrix.values.end(), 0.0F) == matrix.values.end()) return;
  std::int64_t kept = 0;
  std::int64_t next = 0;
  for (std::int64_t r = 0; r < matrix.rows; ++r) {
    for (; next < matrix.offsets[r + 1]; ++next) {
      if (matrix.values[next] == 0) continue;
      matrix.indices[kept] = matrix.indices[next];
      matrix.values[kept++] = matrix.values[next];
    }
    matrix.offsets[r + 1] = kept;
  }
  matrix.indices.resize(static_cast<std::size_t>(kept));
  matrix.values.resize(static_cast<std::size_t>(kept));
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

std::int64_t tidy_rows(Csr<float>& matrix, const std::string& where, int threads) {
  std::atomic<std::int64_t> unsorted = 0;
  parallel_parts(threads, matrix.rows, 256, [&](std::int64_t first, std::int64_t last, int) {
    std::vector<std::pair<std::int32_t, float>> buffer;
    for (std::int64_t r = first; r < last; ++r) {
      const auto start = static_cast<std::size_t>(matrix.offsets[r]);
      const auto length = static_cast<std::size_t>(matrix.offsets[r + 1]) - start;
      const std::span indices(matrix.indices.data() + start, length);
      if (!std::is_sorted(indices.begin(), indices.end())) {
        sort_row(indices, std::span(matrix.values.data() + start, length), buffer);
        unsorted.fetch_add(1, std::memory_order_relaxed);
      }
      const auto twice = std::adjacent_find(indices.begin(), indices.end());
      if (twice != indices.end()) {
        throw DataError(
            "{}: row {} names column {} twice; scipy's sum_duplicates() of the matrix makes one value of "
            "such, if they are to be added",
            where, r, *twice);
      }
    }
  });
  drop_zeros(matrix);
  return unsorted;
}

}  // namespace sparcell::anndata
