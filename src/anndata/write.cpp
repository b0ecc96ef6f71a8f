#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "hdf5/file.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

using hdf5::Group;
using Shape = std::vector<std::int64_t>;

void encode(const hdf5::Object& object, const char* type, const char* version) {
  object.set("encoding-type", type);
  object.set("encoding-version", version);
}

constexpr const char* index_name = "_index";

// HDF5 takes a slash for a step into a group, and the names of the rows lie beside the columns.
std::string storable(std::string name) {
  if (name == index_name) return "index_";
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

// Where two names would be one, the column that has it as it is keeps it.
std::vector<std::string> stored_names(const std::vector<Column>& columns) {
  std::set<std::string> taken{index_name};
  for (const Column& column : columns) {
    if (storable(column.name) == column.name) taken.insert(column.name);
  }
  std::vector<std::string> names;
  for (const Column& column : columns) {
    const std::string name = storable(column.name);
    std::string unique = name;
    for (int i = 1; name != column.name && !taken.insert(unique).second; ++i)
      unique = fmt::format("{}_{}", name, i);
    names.push_back(unique);
  }
  return names;
}

Group create_dict(const Group& parent, const std::string& name) {
  Group dict = parent.create_group(name);
  encode(dict, "dict", "0.1.0");
  return dict;
}

void write_string_array(const Group& parent, const std::string& name, std::span<const std::string> values) {
  encode(parent.write_strings(name, values), "string-array", "0.2.0");
}

void write_dense(const Group& parent, const std::string& name, const Matrix<float>& matrix, int gzip) {
  const Shape shape{matrix.rows, matrix.cols};
  encode(parent.write(name, std::span<const float>(matrix.values), shape, {.gzip = gzip}), "array", "0.2.0");
}

void write_csr(const Group& parent, const std::string& name, const Csr<float>& matrix, int gzip) {
  const Group group = parent.create_group(name);
  encode(group, "csr_matrix", "0.1.0");
  group.set("shape", std::span<const std::int64_t>(Shape{matrix.rows, matrix.cols}));
  group.write("data", matrix.values, {.gzip = gzip});
  group.write("indices", matrix.indices, {.gzip = gzip});
  // scipy keeps indices and offsets in one type; 32 bits wherever they fit.
  if (matrix.nonzeros() <= std::numeric_limits<std::int32_t>::max()) {
    group.write("indptr", std::vector<std::int32_t>(matrix.offsets.begin(), matrix.offsets.end()),
                {.gzip = gzip});
  } else {
    group.write("indptr", matrix.offsets, {.gzip = gzip});
  }
}

void write_categorical(const Group& parent, const std::string& name, const Categorical& values) {
  const Group group = parent.create_group(name);
  encode(group, "categorical", "0.2.0");
  group.set("ordered", values.ordered);
  encode(group.write("codes", values.codes), "array", "0.2.0");
  write_string_array(group, "categories", values.categories);
}

Categorical categories_of(const std::vector<std::string>& values, const std::vector<std::uint8_t>& missing) {
  Categorical result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (missing[i] == 0) result.categories.push_back(values[i]);
  }
  std::sort(result.categories.begin(), result.categories.end());
  result.categories.erase(std::unique(result.categories.begin(), result.categories.end()),
                          result.categories.end());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto found = std::lower_bound(result.categories.begin(), result.categories.end(), values[i]);
    result.codes.push_back(missing[i] != 0 ? -1
                                           : static_cast<std::int32_t>(found - result.categories.begin()));
  }
  return result;
}

// Writes one column under its name, in the encoding of its type.
struct WriteColumn {
  const Group& frame;
  const std::string name;
  const std::vector<std::uint8_t>& missing;

  void operator()(const std::vector<std::string>& values) const {
    if (missing.empty()) return write_string_array(frame, name, values);
    write_categorical(frame, name, categories_of(values, missing));
  }
  void operator()(std::vector<double> values) const {
    for (std::size_t i = 0; i < missing.size(); ++i) {
      if (missing[i] != 0) values[i] = std::numeric_limits<double>::quiet_NaN();
    }
    encode(frame.write(name, values), "array", "0.2.0");
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    if (missing.empty()) return encode(frame.write(name, values), "array", "0.2.0");
    const Group group = nullable("nullable-integer");
    encode(group.write("values", values), "array", "0.2.0");
  }
  void operator()(const std::vector<std::uint8_t>& values) const {
    if (missing.empty()) return encode(frame.write_booleans(name, values), "array", "0.2.0");
    const Group group = nullable("nullable-boolean");
    encode(group.write_booleans("values", values), "array", "0.2.0");
  }
  void operator()(Categorical values) const {
    for (std::size_t i = 0; i < missing.size(); ++i) {
      if (missing[i] != 0) values.codes[i] = -1;
    }
    write_categorical(frame, name, values);
  }

 private:
  Group nullable(const char* type) const {
    Group group = frame.create_group(name);
    encode(group, type, "0.1.0");
    encode(group.write_booleans("mask", missing), "array", "0.2.0");
    return group;
  }
};

void write_frame(const Group& parent, const std::string& name, const Table& table) {
  const Group frame = parent.create_group(name);
  encode(frame, "dataframe", "0.2.0");
  frame.set("_index", index_name);
  const std::vector<std::string> order = stored_names(table.columns);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Column& column = table.columns[i];
    require(column.size() == table.rows(), "{}: column {} has {} rows of {}", name, column.name,
            column.size(), table.rows());
    std::visit(WriteColumn{frame, order[i], column.missing}, column.values);
  }
  frame.set("column-order", std::span<const std::string>(order));
  write_string_array(frame, index_name, table.names);
}

struct WriteValue {
  const Group& dict;
  const std::string name;

  void operator()(const std::string& value) const {
    encode(dict.write_string(name, value), "string", "0.2.0");
  }
  void operator()(double value) const { scalar(value); }
  void operator()(std::int64_t value) const { scalar(value); }
  void operator()(const std::vector<std::string>& values) const { write_string_array(dict, name, values); }

 private:
  template <class T>
  void scalar(T value) const {
    encode(dict.write(name, std::span<const T>(&value, 1), {}), "numeric-scalar", "0.2.0");
  }
};

void write_value(const Group& dict, const std::string& key, const AnnDataValue& value) {
  const std::size_t slash = key.find('/');
  if (slash == std::string::npos) return std::visit(WriteValue{dict, key}, value);
  const std::string outer = key.substr(0, slash);
  const Group inner = dict.exists(outer) ? dict.group(outer) : create_dict(dict, outer);
  write_value(inner, key.substr(slash + 1), value);
}

// Which matrix, and how large it must be.
void check_shape(const std::string& name, std::int64_t rows, std::int64_t cols, std::int64_t cells,
                 std::int64_t genes) {
  require(rows == cells && cols == genes, "{} is {} x {} beside {} cells and {} genes", name, rows, cols,
          cells, genes);
}

void write_matrix(const Group& parent, const std::string& name, const std::string& path,
                  const BorrowedMatrix& matrix, const AnnDataContent& content) {
  const std::int64_t cells = content.obs.rows(), genes = content.var.rows();
  if (const auto* csr = std::get_if<const Csr<float>*>(&matrix)) {
    check_shape(path, (*csr)->rows, (*csr)->cols, cells, genes);
    write_csr(parent, name, **csr, content.compression);
  } else if (const auto* dense = std::get_if<const Matrix<float>*>(&matrix)) {
    check_shape(path, (*dense)->rows, (*dense)->cols, cells, genes);
    write_dense(parent, name, **dense, content.compression);
  }
}

void write_content(const Group& file, const AnnDataContent& content) {
  const std::int64_t cells = content.obs.rows();
  const std::int64_t genes = content.var.rows();
  const int gzip = content.compression;
  encode(file, "anndata", "0.1.0");
  write_matrix(file, "X", "X", content.x, content);
  write_frame(file, "obs", content.obs);
  write_frame(file, "var", content.var);
  const Group layers = create_dict(file, "layers");
  for (const auto& [name, matrix] : content.layers)
    write_matrix(layers, name, "layers/" + name, matrix, content);
  const Group obsm = create_dict(file, "obsm");
  for (const auto& [name, matrix] : content.obsm) {
    check_shape("obsm/" + name, matrix.rows, matrix.cols, cells, matrix.cols);
    write_dense(obsm, name, matrix, gzip);
  }
  const Group varm = create_dict(file, "varm");
  for (const auto& [name, matrix] : content.varm) {
    check_shape("varm/" + name, matrix.rows, matrix.cols, genes, matrix.cols);
    write_dense(varm, name, matrix, gzip);
  }
  create_dict(file, "obsp");
  create_dict(file, "varp");
  const Group uns = create_dict(file, "uns");
  for (const auto& [name, value] : content.uns) write_value(uns, name, value);
}

}  // namespace

void write_anndata(const std::string& path, const AnnDataContent& content) {
  hdf5::NewFile file(path);
  write_content(file, content);
  file.commit();
}

}  // namespace sparcell
