#include "evaluate/leakage.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "sparcell/core/sha256.h"

namespace sparcell {
namespace {

constexpr std::int64_t tell_tale_values = 8;  // fewer may agree by chance
constexpr double most_copies = 0.01;          // share of test cells

using Fingerprint = std::uint64_t;

/// Of genes and values of a cell: as FNV-1a, but an entry at a time, which its last step spreads over all
/// bits.
Fingerprint fingerprint(const Csr<float>& x, std::int64_t cell) {
  Fingerprint hash = 0xcbf29ce484222325;
  for (std::int64_t p = x.offsets[cell]; p < x.offsets[cell + 1]; ++p) {
    const std::uint64_t gene = static_cast<std::uint32_t>(x.indices[p]);
    hash = (hash ^ (gene << 32 | std::bit_cast<std::uint32_t>(x.values[p]))) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  return hash;
}

/// Every cell's, for each is asked for by several fits.
std::vector<Fingerprint> fingerprints(const Csr<float>& x) {
  std::vector<Fingerprint> all(static_cast<std::size_t>(x.rows));
  for (std::int64_t cell = 0; cell < x.rows; ++cell) all[cell] = fingerprint(x, cell);
  return all;
}

bool tells(const Csr<float>& x, std::int32_t cell) {
  return x.offsets[cell + 1] - x.offsets[cell] >= tell_tale_values;
}

std::string hash_of(const Dataset& data, const std::vector<Fingerprint>& contents,
                    std::vector<std::int32_t> cells) {
  std::sort(cells.begin(), cells.end());
  Sha256 sha;
  for (std::int32_t cell : cells) {
    sha.update(data.cells.names[cell]);
    sha.update(std::as_bytes(std::span(&contents[cell], 1)));
  }
  return sha.hex();
}

struct Overlap {
  std::int64_t rows = 0, copies = 0;
  std::int32_t first_test = -1, first_fitted = -1;  ///< of the first test cell that took part

  void note(std::int32_t test, std::int32_t fitted) {
    if (first_test >= 0) return;
    first_test = test;
    first_fitted = fitted;
  }
};

Overlap overlap(const Dataset& data, const std::vector<Fingerprint>& contents,
                std::span<const std::int32_t> test, const Fit& fit) {
  std::unordered_map<Fingerprint, std::int32_t> seen;
  std::vector<bool> fitted(static_cast<std::size_t>(data.cell_count()));
  for (std::int32_t cell : fit.cells) {
    fitted[cell] = true;
    if (tells(data.x, cell)) seen.emplace(contents[cell], cell);
  }
  Overlap result;
  for (std::int32_t cell : test) {
    if (fitted[cell]) {
      ++result.rows;
      result.note(cell, cell);
    } else if (tells(data.x, cell)) {
      const auto found = seen.find(contents[cell]);
      if (found == seen.end()) continue;
      ++result.copies;
      result.note(cell, found->second);
    }
  }
  return result;
}

}  // namespace

std::vector<FitRecord> check_leakage(const Dataset& data, std::span<const std::int32_t> test,
                                     const std::vector<Fit>& fits, Log& log) {
  const std::vector<Fingerprint> contents = fingerprints(data.x);
  std::vector<FitRecord> records;
  for (const Fit& fit : fits) {
    const Overlap found = overlap(data, contents, test, fit);
    const std::int64_t cells = found.rows + found.copies;
    records.push_back(
        {fit.what, static_cast<std::int64_t>(fit.cells.size()), hash_of(data, contents, fit.cells), cells});
    if (cells == 0) continue;
    const std::string which =
        fmt::format("{} of {} test cells took part in fitting {} (the first is {}, row {} of the data{})",
                    cells, test.size(), fit.what, data.cells.names[found.first_test], found.first_test,
                    found.first_test == found.first_fitted
                        ? ""
                        : fmt::format(", a copy of {}, row {}", data.cells.names[found.first_fitted],
                                      found.first_fitted));
    const bool many = static_cast<double>(found.copies) > most_copies * static_cast<double>(test.size());
    if (!fit.declared && (found.rows > 0 || many)) {
      throw DataError("evaluate: {}; judge on cells that no fit has seen, or fit on training cells only",
                      which);
    }
    log.warn("evaluate: {}; every table says so", which);
  }
  return records;
}

void warn_of_repeated_cells(const Dataset& data, std::span<const std::int32_t> test, Log& log) {
  std::unordered_map<Fingerprint, std::int32_t> seen;
  std::int64_t copies = 0;
  std::int32_t copy = -1, original = -1;  // the first
  for (const std::int32_t cell : test) {
    if (!tells(data.x, cell)) continue;
    const auto [found, is_new] = seen.emplace(fingerprint(data.x, cell), cell);
    if (is_new) continue;
    if (copies++ > 0) continue;
    copy = cell;
    original = found->second;
  }
  if (copies == 0) return;
  log.warn(
      "evaluate: {} of {} test cells are copies of other test cells (the first is {}, row {} of the data, a "
      "copy of {}, row {}); intervals and p-values take them for independent cells and are too sure",
      copies, test.size(), data.cells.names[copy], copy, data.cells.names[original], original);
}

}  // namespace sparcell
