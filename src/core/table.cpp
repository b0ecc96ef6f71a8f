#include "sparcell/core/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace sparcell {
namespace {

template <class T>
std::vector<T> take(const std::vector<T>& values, const std::vector<std::int32_t>& rows) {
  std::vector<T> taken;
  taken.reserve(rows.size());
  for (std::int32_t r : rows) taken.push_back(values[r]);
  return taken;
}

Categorical take(const Categorical& values, const std::vector<std::int32_t>& rows) {
  return {take(values.codes, rows), values.categories, values.ordered};
}

struct Text {
  std::int64_t row;
  std::string operator()(const std::vector<std::string>& v) const { return v[row]; }
  std::string operator()(const std::vector<double>& v) const { return fmt::format("{}", v[row]); }
  std::string operator()(const std::vector<std::int64_t>& v) const { return fmt::format("{}", v[row]); }
  std::string operator()(const std::vector<std::uint8_t>& v) const { return v[row] != 0 ? "True" : "False"; }
  std::string operator()(const Categorical& v) const {
    return v.codes[row] < 0 ? std::string() : v.categories[v.codes[row]];
  }
};

struct Size {
  std::size_t operator()(const Categorical& v) const { return v.codes.size(); }
  template <class T>
  std::size_t operator()(const std::vector<T>& v) const {
    return v.size();
  }
};

}  // namespace

std::int64_t Column::size() const { return static_cast<std::int64_t>(std::visit(Size{}, values)); }

std::string Column::text(std::int64_t row) const {
  if (!missing.empty() && missing[row] != 0) return {};
  return std::visit(Text{row}, values);
}

std::string Column::type() const {
  static constexpr const char* names[] = {"string", "float", "integer", "boolean", "categorical"};
  return names[values.index()];
}

const Column* Table::find(const std::string& name) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

void Table::set(Column column) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == column.name; });
  if (found == columns.end()) {
    columns.push_back(std::move(column));
  } else {
    *found = std::move(column);
  }
}

Column take_rows(const Column& column, const std::vector<std::int32_t>& rows) {
  Column taken;
  taken.name = column.name;
  std::visit([&](const auto& values) { taken.values = take(values, rows); }, column.values);
  if (!column.missing.empty()) taken.missing = take(column.missing, rows);
  return taken;
}

Table take_rows(const Table& table, const std::vector<std::int32_t>& rows) {
  Table taken;
  taken.names = take(table.names, rows);
  for (const Column& column : table.columns) taken.columns.push_back(take_rows(column, rows));
  return taken;
}

}  // namespace sparcell
