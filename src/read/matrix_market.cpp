#include "read/matrix_market.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <limits>
#include <numeric>

#include "anndata/matrix.h"
#include "read/text_file.h"

namespace sparcell {
namespace {

struct Entry {
  std::int64_t gene = 0;  ///< from 0
  std::int64_t cell = 0;
  float value = 0;
};

// Reads one number and moves behind it; false where there is none.
template <class T>
bool take_number(std::string_view& text, T& number) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool blank(std::string_view text) { return text.find_first_not_of(" \t") == std::string_view::npos; }

// The words of a line, in lower case: the format's specification tells none apart by case.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  for (const char c : line) {
    const bool is_blank = c == ' ' || c == '\t';
    if (!is_blank && !in_word) words.emplace_back();
    if (!is_blank) words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    in_word = !is_blank;
  }
  return words;
}

/// What a terminal can show of it: the file may be anything.
std::string_view beginning_of(std::string_view line) {
  constexpr std::size_t most = 80;
  const auto end =
      std::find_if(line.begin(), line.end(), [](unsigned char c) { return c < ' ' && c != '\t'; });
  return line.substr(0, std::min(most, static_cast<std::size_t>(end - line.begin())));
}

MatrixMarketHeader read_header(TextFile& file) {
  std::string_view line;
  if (!file.next(line)) throw DataError("{}: is empty, expected a Matrix Market file", file.path());
  MatrixMarketHeader header;
  std::vector<std::string> words = words_of(line);
  words.resize(5);
  const std::string& field = words[3];
  header.integers = field == "integer" || field == "unsigned-integer";  // scipy's, of unsigned types
  const bool numbers = header.integers || field == "real" || field == "double";
  if (words[0] != "%%matrixmarket" || words[1] != "matrix" || words[2] != "coordinate" || !numbers ||
      words[4] != "general") {
    throw DataError(
        "{}: begins with \"{}\", expected \"%%MatrixMarket matrix coordinate integer (or real) general\"",
        file.path(), beginning_of(line));
  }
  do {
    if (!file.next(line)) throw DataError("{}: ends before the line with its sizes", file.path());
  } while (line.starts_with('%') || blank(line));
  if (!take_number(line, header.genes) || !take_number(line, header.cells) ||
      !take_number(line, header.entries) || !blank(line)) {
    throw DataError("{}: line {} should hold the numbers of genes, cells and entries", file.path(),
                    file.line_number());
  }
  // An entry is at least "1 1 1\n", and gzip shortens at most 1032 times: what a damaged header claims beyond
  // is refused.
  constexpr std::int64_t least_bytes = 6;
  constexpr std::int64_t largest_expansion = 1100;
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(file.path()));
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() - 1;
  if (header.genes < 0 || header.cells < 0 || header.entries < 0 || header.genes > most ||
      header.cells > most || header.entries > (bytes * largest_expansion) / least_bytes) {
    throw DataError("{}: claims {} genes, {} cells and {} entries, which a file of {} bytes cannot hold",
                    file.path(), header.genes, header.cells, header.entries, bytes);
  }
  return header;
}

template <class Body>
void for_each_entry(const std::string& path, Body&& body) {
  TextFile file(path);
  const MatrixMarketHeader header = read_header(file);
  std::int64_t count = 0;
  std::string_view line;
  while (file.next(line)) {
    if (blank(line)) continue;
    Entry entry;
    if (!take_number(line, entry.gene) || !take_number(line, entry.cell) || !take_number(line, entry.value) ||
        !blank(line)) {
      throw DataError("{}: line {} should hold a gene, a cell and a count", path, file.line_number());
    }
    if (entry.gene < 1 || entry.gene > header.genes || entry.cell < 1 || entry.cell > header.cells) {
      throw DataError("{}: line {} names gene {} and cell {} of {} and {}", path, file.line_number(),
                      entry.gene, entry.cell, header.genes, header.cells);
    }
    if (++count > header.entries) break;
    --entry.gene;
    --entry.cell;
    body(entry);
  }
  if (count != header.entries) {
    throw DataError("{}: holds {} {} entries, its header says {}", path,
                    count > header.entries ? "more than" : "only", std::min(count, header.entries),
                    header.entries);
  }
}

Csr<float> empty_matrix(const MatrixMarketHeader& header) {
  Csr<float> matrix;
  matrix.rows = header.cells;
  matrix.cols = header.genes;
  matrix.offsets.assign(static_cast<std::size_t>(header.cells) + 1, 0);
  matrix.indices.resize(static_cast<std::size_t>(header.entries));
  matrix.values.resize(static_cast<std::size_t>(header.entries));
  return matrix;
}

// One pass, for entries that come cell by cell as 10x writes them. Always counts each cell's entries; returns
// false where they come in another order, so that a second pass has to place them.
bool read_in_order(const std::string& path, Csr<float>& matrix) {
  std::size_t slot = 0;
  std::int64_t last_cell = 0;
  bool in_order = true;
  for_each_entry(path, [&](const Entry& entry) {
    in_order = in_order && entry.cell >= last_cell;
    last_cell = entry.cell;
    matrix.indices[slot] = static_cast<std::int32_t>(entry.gene);
    matrix.values[slot++] = entry.value;
    ++matrix.offsets[static_cast<std::size_t>(entry.cell) + 1];
  });
  std::partial_sum(matrix.offsets.begin(), matrix.offsets.end(), matrix.offsets.begin());
  return in_order;
}

void place_entries(const std::string& path, Csr<float>& matrix) {
  std::vector<std::int64_t> next(matrix.offsets.begin(), matrix.offsets.end() - 1);
  for_each_entry(path, [&](const Entry& entry) {
    const auto slot = static_cast<std::size_t>(next[static_cast<std::size_t>(entry.cell)]++);
    matrix.indices[slot] = static_cast<std::int32_t>(entry.gene);
    matrix.values[slot] = entry.value;
  });
}

}  // namespace

MatrixMarketHeader read_matrix_market_header(const std::string& path) {
  TextFile file(path);
  return read_header(file);
}

Csr<float> read_matrix_market(const std::string& path, int threads) {
  Csr<float> matrix = empty_matrix(read_matrix_market_header(path));
  if (!read_in_order(path, matrix)) place_entries(path, matrix);
  anndata::tidy_rows(matrix, path, threads);
  return matrix;
}

}  // namespace sparcell
