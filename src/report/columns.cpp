#include "report/columns.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "core/csv.h"
#include "sparcell/core/errors.h"

namespace sparcell {

CsvColumns::CsvColumns(std::string path, const std::vector<std::string>& required)
    : path_(std::move(path)), records_(read_csv(path_)) {
  if (records_.empty()) throw DataError("{}:1: the header is missing; the file is empty.", path_);
  for (const std::string& name : required) {
    if (std::find(names().begin(), names().end(), name) == names().end()) {
      throw DataError("{}:1: the header has no column `{}`; the file is damaged.", path_, name);
    }
  }
  for (std::size_t line = 1; line < records_.size(); ++line) {
    if (records_[line].size() != names().size()) {
      throw DataError("{}:{}: {} fields where the header has {}; the file is damaged.", path_, line + 1,
                      records_[line].size(), names().size());
    }
  }
}

std::size_t CsvColumns::column(const std::string& name) const {
  const auto found = std::find(names().begin(), names().end(), name);
  require(found != names().end(), "the column {} was not asked for", name);
  return static_cast<std::size_t>(found - names().begin());
}

double CsvColumns::number(std::size_t row, std::size_t column) const {
  const std::string& field = text(row, column);
  if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
  char* end = nullptr;
  const double value = std::strtod(field.c_str(), &end);
  if (*end != '\0') {
    throw DataError("{}:{}: `{}` in column `{}` is not a number; the file is damaged.", path_, row + 2, field,
                    names()[column]);
  }
  return value;
}

}  // namespace sparcell
