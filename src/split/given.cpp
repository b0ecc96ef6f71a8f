#include <algorithm>
#include <cctype>
#include <deque>
#include <set>
#include <unordered_map>

#include "core/columns.h"
#include "core/csv.h"
#include "split/draw.h"

namespace sparcell {
namespace {

/// `word` in small letters; validation for the other words that mean it.
std::string canonical(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  return word == "valid" || word == "val" ? "validation" : word;
}

/// Gives a cell to the part that a word names; an empty word to none. Returns false for any other word.
bool give(Split& split, std::int32_t cell, const std::string& word) {
  const std::string part = canonical(word);
  if (part.empty()) return true;
  if (part == "train") {
    split.train.push_back(cell);
  } else if (part == "validation") {
    split.validation.push_back(cell);
  } else if (part == "test") {
    split.test.push_back(cell);
  } else {
    return false;
  }
  return true;
}

constexpr const char* words =
    "train, validation (or val, valid), test, or nothing for a cell that is left out";

std::size_t column_index(const std::vector<std::string>& header, const std::string& name,
                         const std::string& path) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) {
    throw DataError("split.file: {} has no column {}; its first line is {}", path, name,
                    fmt::join(header, ","));
  }
  return static_cast<std::size_t>(found - header.begin());
}

}  // namespace

Split split_of_column(const Dataset& data, const SplitOptions& options) {
  if (options.column.empty())
    throw UsageError("split.by column needs split.column, the obs column with the split");
  const Column* column = data.cells.find(options.column);
  if (column == nullptr) {
    throw DataError("split.column: {} has no obs column {}; it has {}", data.source, options.column,
                    columns_instead_of(options.column, data.cells));
  }
  Split split;
  for (std::int32_t cell = 0; cell < data.cell_count(); ++cell) {
    const std::string word = column->text(cell);
    if (!give(split, cell, word)) {
      throw DataError("split.column: the obs column {} says {} of cell {}; expected {}", options.column, word,
                      data.cells.names[cell], words);
    }
  }
  return split;
}

Split split_of_file(const Dataset& data, const SplitOptions& options) {
  if (options.file.empty())
    throw UsageError("split.by file needs split.file, the split.csv of an earlier run");
  const std::vector<std::vector<std::string>> records = read_csv(options.file);
  if (records.empty())
    throw DataError("split.file: {} is empty; expected the columns cell and split", options.file);
  const std::size_t cell_column = column_index(records[0], "cell", options.file);
  const std::size_t split_column = column_index(records[0], "split", options.file);

  // Several cells may have a name: its lines are for them in their order.
  std::unordered_map<std::string, std::deque<std::int32_t>> waiting;
  std::unordered_map<std::string, std::set<std::string>> said;
  for (std::int32_t cell = 0; cell < data.cell_count(); ++cell)
    waiting[data.cells.names[cell]].push_back(cell);
  Split split;
  bool matched = false;
  for (std::size_t r = 1; r < records.size(); ++r) {
    const std::vector<std::string>& record = records[r];
    if (record.size() != records[0].size()) {
      throw DataError("split.file: record {} of {} has {} fields, expected {}", r + 1, options.file,
                      record.size(), records[0].size());
    }
    const auto cells = waiting.find(record[cell_column]);
    if (cells == waiting.end()) continue;
    const bool is_new = said[record[cell_column]].insert(canonical(record[split_column])).second;
    if (cells->second.empty()) {
      if (!is_new) continue;
      throw DataError(
          "split.file: record {} of {} gives cell {} the part '{}', but earlier ones another; {} has no more "
          "cells of that name",
          r + 1, options.file, record[cell_column], record[split_column], data.source);
    }
    matched = true;
    if (!give(split, cells->second.front(), record[split_column])) {
      throw DataError("split.file: {} says {} of cell {}; expected {}", options.file, record[split_column],
                      record[cell_column], words);
    }
    cells->second.pop_front();
  }
  if (!matched) {
    throw DataError("split.file: {} names none of the {} cells of {}, the first of which is {}", options.file,
                    data.cell_count(), data.source, data.cell_count() > 0 ? data.cells.names[0] : "missing");
  }
  for (std::vector<std::int32_t>* part : {&split.train, &split.validation, &split.test}) {
    std::sort(part->begin(), part->end());
  }
  return split;
}

}  // namespace sparcell
