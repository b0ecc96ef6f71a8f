#include "evaluate/leakage.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "sparcell/core/sha256.h"

namespace sparcell {
namespace {

constexpr std::int64_t tell_tale_values = 8;  // fewer may agree by chance
constexpr double most_copies = 0.01;          // share of test cells

using Fingerprint = std::uint64_t;

/// FNV-1a over genes and values of a cell.
Fingerprint fingerprint(const Csr<float>& x, std::int32_t cell) {
  Fingerprint hash = 0xcbf29ce484222325;
  const auto add = [&](std::uint32_t word) {
    for (int byte = 0; byte < 4; ++byte) hash = (hash ^ (word >> (8 * byte) & 0xff)) * 0x100000001b3;
  };
  for (std::int64_t p = x.offsets[cell]; p < x.offsets[cell + 1]; ++p) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &x.values[p], sizeof bits);
    add(static_cast<std::uint32_t>(x.indices[p]));
    add(bits);
  }
  return hash;
}

bool tells(const Csr<float>& x, std::int32_t cell) {
  return x.offsets[cell + 1] - x.offsets[cell] >= tell_tale_values;
}

std::string hash_of(const Dataset& data, std::vector<std::int32_t> cells) {
  std::sort(cells.begin(), cells.end());
  Sha256 sha;
  for (std::int32_t cell : cells) {
    const Fingerprint content = fingerprint(data.x, cell);
    sha.update(data.cells.names[cell]);
    sha.update(std::as_bytes(std::span(&content, 1)));
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

Overlap overlap(const Dataset& data, std::span<const std::int32_t> test, const Fit& fit) {
  std::unordered_map<Fingerprint, std::int32_t> contents;
  std::vector<bool> fitted(static_cast<std::size_t>(data.cell_count()));
  for (std::int32_t cell : fit.cells) {
    fitted[cell] = true;
    if (tells(data.x, cell)) contents.emplace(fingerprint(data.x, cell), cell);
  }
  Overlap result;
  for (std::int32_t cell : test) {
    if (fitted[cell]) {
      ++result.rows;
      result.note(cell, cell);
    } else if (tells(data.x, cell)) {
      const auto found = contents.find(fingerprint(data.x, cell));
      if (found == contents.end()) continue;
      ++result.copies;
      result.note(cell, found->second);
    }
  }
  return result;
}

}  // namespace

std::vector<FitRecord> check_leakage(const Dataset& data, std::span<const std::int32_t> test,
                                     const std::vector<Fit>& fits, Log& log) {
  std::vector<FitRecord> records;
  for (const Fit& fit : fits) {
    const Overlap found = overlap(data, test, fit);
    const std::int64_t cells = found.rows + found.copies;
    records.push_back(
        {fit.what, static_cast<std::int64_t>(fit.cells.size()), hash_of(data, fit.cells), cells});
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

}  // namespace sparcell
