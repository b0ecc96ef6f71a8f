// Annotations of cells and genes: what AnnData calls obs and var.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sparcell {

/// Codes into categories; -1 is missing.
struct Categorical {
  std::vector<std::int32_t> codes;
  std::vector<std::string> categories;
  bool ordered = false;
};

/// One annotation of every cell (or gene). `missing` is empty, or has one flag a row.
struct Column {
  std::string name;
  std::variant<std::vector<std::string>, std::vector<double>, std::vector<std::int64_t>, std::vector<std::uint8_t>,
               Categorical>
      values;  ///< std::uint8_t is boolean
  std::vector<std::uint8_t> missing;

  std::int64_t size() const;
  /// The value of one row as text; an empty string where it is missing.
  std::string text(std::int64_t row) const;
  /// `string`, `float`, `integer`, `boolean` or `categorical`.
  std::string type() const;
};

/// Rows named by `names` (barcodes or gene names; duplicates are tolerated) with columns in file order.
struct Table {
  std::vector<std::string> names;
  std::vector<Column> columns;

  std::int64_t rows() const { return static_cast<std::int64_t>(names.size()); }
  const Column* find(const std::string& name) const;
  void set(Column column);  ///< adds it, or replaces the column of that name
};

/// The given rows, in the given order. Unused categories are kept.
Table take_rows(const Table& table, const std::vector<std::int32_t>& rows);
Column take_rows(const Column& column, const std::vector<std::int32_t>& rows);

}  // namespace sparcell
