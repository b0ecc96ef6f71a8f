#include "read/annotations.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include "core/csv.h"
#include "read/text_file.h"

namespace sparcell {
namespace {

using Record = std::vector<std::string>;

/// A field for each cell; null where the cell has no row.
using Fields = std::vector<const std::string*>;

std::vector<Record> read_records(const std::string& path) {
  TextFile file(path);
  std::string text;
  std::string_view line;
  char separator = ',';
  while (file.next(line)) {
    if (text.empty() && line.find('\t') != std::string_view::npos) separator = '\t';
    text.append(line).push_back('\n');
  }
  std::vector<Record> records = parse_csv(text, path, separator);
  if (records.size() < 2) throw DataError("{}: holds no cells, expected a header and a row for each", path);
  Record& header = records[0];
  if (header.size() + 1 == records[1].size()) header.insert(header.begin(), "");
  if (header.size() < 2) {
    throw DataError(
        "{}: has one column, expected names of cells and others beside, separated by commas or tabs", path);
  }
  for (std::size_t r = 1; r < records.size(); ++r) {
    if (records[r].size() == header.size()) continue;
    throw DataError("{}: record {} has {} fields, the header has {}", path, r + 1, records[r].size(),
                    header.size());
  }
  return records;
}

std::unordered_map<std::string_view, std::size_t> rows_by_cell(const std::vector<Record>& records,
                                                               const std::string& path) {
  std::unordered_map<std::string_view, std::size_t> rows;
  for (std::size_t r = 1; r < records.size(); ++r) {
    if (!rows.emplace(records[r][0], r).second)
      throw DataError("{}: record {} names the cell {} a second time", path, r + 1, records[r][0]);
  }
  return rows;
}

bool says_nothing(const std::string* field) {
  return field == nullptr || field->empty() || *field == "NA" || *field == "NaN" || *field == "nan";
}

/// Where all fields that say something are numbers of the type, and there are some.
template <class T>
std::optional<Column> numbers(const Fields& fields) {
  std::vector<T> values(fields.size());
  std::vector<std::uint8_t> missing(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    missing[i] = says_nothing(fields[i]);
    if (missing[i] != 0) continue;
    const char* const last = fields[i]->data() + fields[i]->size();
    const auto [end, problem] = std::from_chars(fields[i]->data(), last, values[i]);
    if (problem != std::errc() || end != last) return std::nullopt;
  }
  const auto absent = std::count(missing.begin(), missing.end(), 1);
  if (absent == std::ssize(fields)) return std::nullopt;
  if (absent == 0) missing.clear();
  return Column{.name = {}, .values = std::move(values), .missing = std::move(missing)};
}

/// An empty text is one (the control's label, it may be); NA is missing.
Column texts(const Fields& fields) {
  const auto is_missing = [](const std::string* field) {
    return field == nullptr || (!field->empty() && says_nothing(field));
  };
  std::set<std::string> distinct;
  for (const std::string* field : fields) {
    if (!is_missing(field)) distinct.insert(*field);
  }
  Categorical values{{}, {distinct.begin(), distinct.end()}, false};
  for (const std::string* field : fields) {
    const auto found = is_missing(field)
                           ? values.categories.end()
                           : std::lower_bound(values.categories.begin(), values.categories.end(), *field);
    values.codes.push_back(
        found == values.categories.end() ? -1 : static_cast<std::int32_t>(found - values.categories.begin()));
  }
  return {.name = {}, .values = std::move(values), .missing = {}};
}

Column column_of(const Fields& fields) {
  if (std::optional<Column> integers = numbers<std::int64_t>(fields)) return std::move(*integers);
  if (std::optional<Column> reals = numbers<double>(fields)) return std::move(*reals);
  return texts(fields);
}

}  // namespace

void add_annotations(Table& cells, const std::string& path, Remarks& remarks) {
  const std::vector<Record> records = read_records(path);
  const auto rows = rows_by_cell(records, path);
  std::vector<std::size_t> row_of_cell;  // 0, the header, for none
  std::set<std::size_t> used;
  for (const std::string& name : cells.names) {
    const auto found = rows.find(name);
    row_of_cell.push_back(found == rows.end() ? 0 : found->second);
    if (found != rows.end()) used.insert(found->second);
  }
  if (used.empty()) {
    throw DataError("{}: its first column names none of the cells: it has {}..., the data have {}...", path,
                    records[1][0], cells.names.empty() ? "none" : cells.names[0]);
  }
  const auto without = std::count(row_of_cell.begin(), row_of_cell.end(), std::size_t{0});
  if (without > 0) remarks.push_back(fmt::format("{}: {} cells have no row", path, without));
  const std::size_t others = records.size() - 1 - used.size();
  if (others > 0) remarks.push_back(fmt::format("{}: {} rows name no cell of the data", path, others));
  for (std::size_t c = 1; c < records[0].size(); ++c) {
    Fields fields;
    for (const std::size_t row : row_of_cell) fields.push_back(row == 0 ? nullptr : &records[row][c]);
    Column column = column_of(fields);
    column.name = records[0][c];
    if (cells.find(column.name) != nullptr)
      remarks.push_back(fmt::format("obs column {} is taken from {}", column.name, path));
    cells.set(std::move(column));
  }
}

}  // namespace sparcell
