#include "anndata/table.h"

#include <algorithm>
#include <set>

namespace sparcell::anndata {
namespace {

using hdf5::Dataset;
using hdf5::ElementType;
using hdf5::Group;
using Kind = ElementType::Kind;
using Values = decltype(Column::values);

void check_length(const hdf5::Object& object, std::int64_t length, std::int64_t rows) {
  if (length != rows) throw DataError("{}: has {} rows, expected {}", object.where(), length, rows);
}

void check_codes(const std::string& where, const Categorical& values) {
  const auto categories = static_cast<std::int32_t>(values.categories.size());
  for (std::size_t row = 0; row < values.codes.size(); ++row) {
    if (values.codes[row] < -1 || values.codes[row] >= categories) {
      throw DataError("{}: row {} has the code {} of {} categories", where, row, values.codes[row],
                      categories);
    }
  }
}

// Numbers or strings by their type, or nothing where a column cannot hold them.
std::optional<Values> plain_values(const Dataset& dataset) {
  switch (dataset.type().kind) {
    case Kind::string:
      return dataset.read_strings();
    case Kind::floating:
      return dataset.read<double>();
    case Kind::integer:
      return dataset.read<std::int64_t>();
    case Kind::boolean:
      return dataset.read<std::uint8_t>();
    default:
      return std::nullopt;
  }
}

// Categories may be strings, numbers or booleans; they become text.
std::vector<std::string> category_names(const Dataset& dataset) {
  const std::optional<Values> values = plain_values(dataset);
  if (!values) throw DataError("{}: holds {}, expected categories", dataset.where(), dataset.type().name());
  Column column{.name = {}, .values = *values, .missing = {}};
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < column.size(); ++i) names.push_back(column.text(i));
  return names;
}

Column categorical(const Dataset& codes, std::vector<std::string> categories, bool ordered) {
  Categorical values{codes.read<std::int32_t>(), std::move(categories), ordered};
  check_codes(codes.where(), values);
  return {.name = {}, .values = std::move(values), .missing = {}};
}

// A list of names: a data set, or where pandas has a type of its own for texts a group of values and mask.
std::vector<std::string> names_at(const Group& group, const std::string& name) {
  if (!group.is_group(name)) return category_names(group.dataset(name));
  const Group list = group.group(name);
  const std::string encoding = list.has_attribute("encoding-type") ? list.text("encoding-type") : "";
  if (!encoding.starts_with("nullable-"))
    throw DataError("{}: is a group of the encoding '{}', expected a list", list.where(), encoding);
  std::vector<std::string> names = category_names(list.dataset("values"));
  const std::vector<std::uint8_t> missing = list.dataset("mask").read<std::uint8_t>();
  check_length(list.dataset("mask"), std::ssize(missing), std::ssize(names));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (missing[i] != 0) names[i].clear();
  }
  return names;
}

// A column of the encodings since 0.7: a group says what it holds.
std::optional<Column> group_column(const Group& group, std::int64_t rows) {
  const std::string encoding = group.has_attribute("encoding-type") ? group.text("encoding-type") : "";
  if (encoding == "categorical") {
    const Dataset codes = group.dataset("codes");
    check_length(codes, codes.size(), rows);
    const bool ordered = group.has_attribute("ordered") && group.integer("ordered") != 0;
    return categorical(codes, names_at(group, "categories"), ordered);
  }
  if (!encoding.starts_with("nullable-")) return std::nullopt;
  const Dataset values = group.dataset("values");
  const Dataset mask = group.dataset("mask");
  check_length(values, values.size(), rows);
  check_length(mask, mask.size(), rows);
  std::optional<Values> plain = plain_values(values);
  if (!plain) return std::nullopt;
  return Column{.name = {}, .values = std::move(*plain), .missing = mask.read<std::uint8_t>()};
}

Table read_group(const Group& group, std::vector<std::string>& remarks) {
  const std::string index = group.has_attribute("_index") ? group.text("_index") : "_index";
  Table table;
  if (!group.is_group(index)) {
    const Dataset names = group.dataset(index);
    if (names.shape().size() != 1)
      throw DataError("{}: is no list, expected the names of rows", names.where());
  }
  table.names = names_at(group, index);
  std::vector<std::string> order;
  if (group.has_attribute("column-order")) {
    order = group.texts("column-order");
  } else {
    order = group.children();
    std::erase_if(order, [&](const std::string& name) { return name == index || name == "__categories"; });
  }
  for (const std::string& name : order) {
    std::optional<Column> column = group.is_group(name) ? group_column(group.group(name), table.rows())
                                                        : read_array(group.dataset(name), table.rows());
    if (column) {
      column->name = name;
      table.set(std::move(*column));
    } else {
      remarks.push_back(
          fmt::format("{}/{}: its encoding is not known; the column is left out", group.where(), name));
    }
  }
  return table;
}

std::vector<std::string> member_strings(const Dataset& dataset, const hdf5::Member& member) {
  if (member.type.kind == Kind::string) return dataset.read_member_strings(member);
  std::vector<std::string> strings;
  for (std::int64_t value : dataset.read_member<std::int64_t>(member))
    strings.push_back(fmt::format("{}", value));
  return strings;
}

// Before 0.7: one compound data set whose first member is the index; the categories of a column of codes lie
// in uns.
Table read_compound(const Group& root, const Dataset& dataset, std::vector<std::string>& remarks) {
  if (dataset.shape().size() != 1) throw DataError("{}: is no list of rows", dataset.where());
  const std::vector<hdf5::Member> members = dataset.members();
  if (members.empty())
    throw DataError("{}: has no columns, expected at least the names of rows", dataset.where());
  Table table;
  table.names = member_strings(dataset, members[0]);
  for (std::size_t i = 1; i < members.size(); ++i) {
    const hdf5::Member& member = members[i];
    Column column{.name = member.name, .values = {}, .missing = {}};
    const std::string categories = "uns/" + member.name + "_categories";
    if (member.type.length != 1 || (!member.type.is_number() && member.type.kind != Kind::string)) {
      remarks.push_back(fmt::format("{}: column {} holds {}; it is left out", dataset.where(), member.name,
                                    member.type.name()));
      continue;
    }
    if (member.type.kind == Kind::string) {
      column.values = dataset.read_member_strings(member);
    } else if (member.type.kind == Kind::integer && root.is_dataset(categories)) {
      const std::vector<std::int64_t> codes = dataset.read_member<std::int64_t>(member);
      Categorical values{{codes.begin(), codes.end()}, category_names(root.dataset(categories)), false};
      check_codes(dataset.where(), values);
      column.values = std::move(values);
    } else if (member.type.kind == Kind::floating) {
      column.values = dataset.read_member<double>(member);
    } else {
      const std::vector<std::int64_t> numbers = dataset.read_member<std::int64_t>(member);
      if (member.type.kind == Kind::boolean) {
        column.values = std::vector<std::uint8_t>(numbers.begin(), numbers.end());
      } else {
        column.values = numbers;
      }
    }
    table.set(std::move(column));
  }
  return table;
}

}  // namespace

std::optional<Column> read_array(const Dataset& dataset, std::int64_t rows) {
  if (dataset.shape().size() > 1) return std::nullopt;
  check_length(dataset, dataset.size(), rows);
  if (dataset.has_attribute("categories")) {  // 0.7: codes with a reference to __categories/<column>
    const Dataset categories = dataset.referenced_by("categories");
    const bool ordered = categories.has_attribute("ordered") && categories.integer("ordered") != 0;
    return categorical(dataset, category_names(categories), ordered);
  }
  std::optional<Values> plain = plain_values(dataset);
  if (!plain) return std::nullopt;
  return Column{.name = {}, .values = std::move(*plain), .missing = {}};
}

Table read_table(const Group& root, const std::string& path, std::vector<std::string>& remarks) {
  if (root.is_group(path)) return read_group(root.group(path), remarks);
  return read_compound(root, root.dataset(path), remarks);
}

}  // namespace sparcell::anndata
