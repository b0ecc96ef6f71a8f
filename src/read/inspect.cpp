#include <nlohmann/json.hpp>

#include "read/annotations.h"
#include "read/choose_matrix.h"
#include "read/labels.h"
#include "read/source.h"
#include "read/station.h"

namespace sparcell {
namespace {

std::vector<std::pair<std::string, std::string>> types_of(const Table& table) {
  std::vector<std::pair<std::string, std::string>> types;
  for (const Column& column : table.columns) types.emplace_back(column.name, column.type());
  return types;
}

bool is_default(const std::string& matrix) { return matrix == "X" || matrix == "matrix"; }

/// Its own genes; that they cannot be read is no error of a file that is not asked for them.
void add_raw(Source& source, const MatrixInfo& info, Inspection& inspection) {
  try {
    Remarks said_when_it_is_read;
    inspection.raw_genes = source.genes(info.name, said_when_it_is_read).rows();
    inspection.raw = fmt::format("{} {}", info.layout, info.dtype);
  } catch (const DataError& error) {
    inspection.remarks.push_back(error.what());
  }
}

void add_matrices(Source& source, Inspection& inspection, int threads) {
  for (const MatrixInfo& info : source.matrices()) {
    if (info.name.starts_with("layers/")) inspection.layers.push_back(info.name.substr(7));
    if (info.name == "raw/X") add_raw(source, info, inspection);
    if (!is_default(info.name)) continue;
    inspection.matrix = info.layout;
    inspection.dtype = info.dtype;
  }
  NoCounts no;
  std::optional<ChosenMatrix> counts = find_counts(source, threads, inspection.remarks, no);
  for (const std::string& other : no.found) inspection.remarks.push_back(other);
  if (counts) inspection.counts = counts->name;
  if (counts && is_default(counts->name)) {
    inspection.nonzeros = counts->matrix.nonzeros();
  } else if (!inspection.matrix.empty()) {  // X is there and readable, and comes first
    counts.reset();
    inspection.nonzeros = source.read(source.matrices()[0].name, threads, inspection.remarks).nonzeros();
  }
}

void add_perturbations(const Table& cells, const ReadOptions& options, Inspection& inspection) {
  const auto convention = find_convention(cells, options.perturbation, options.path);
  if (!convention) return;
  const FoundPerturbations labelled = label_cells(cells, *convention, options.path);
  const Perturbations& perturbations = labelled.perturbations;
  inspection.perturbation_column = convention->column;
  if (!convention->guess.empty()) inspection.remarks.push_back(convention->guess);
  for (const std::string& name : perturbations.names) inspection.perturbations.emplace_back(name, 0);
  for (std::int32_t perturbation : perturbations.of_cell) {
    if (perturbation >= 0) ++inspection.perturbations[static_cast<std::size_t>(perturbation)].second;
  }
  if (labelled.unlabelled > 0) {
    inspection.remarks.push_back(
        fmt::format("{} cells have no label in {}", labelled.unlabelled, convention->column));
  }
}

Inspection inspect_source(Source& source, const ReadOptions& options, int threads) {
  Inspection inspection;
  inspection.format = source.format();
  Table cells = source.cells(inspection.remarks);
  if (!options.annotations.empty()) add_annotations(cells, options.annotations, inspection.remarks);
  const std::string matrix = source.matrices().empty() ? "X" : source.matrices()[0].name;
  const Table genes = source.genes(is_default(matrix) ? matrix : "X", inspection.remarks);
  inspection.cells = cells.rows();
  inspection.genes = genes.rows();
  inspection.obs = types_of(cells);
  inspection.var = types_of(genes);
  add_duplicates(cells, "cell", inspection.remarks);
  add_duplicates(genes, "gene", inspection.remarks);
  add_matrices(source, inspection, threads);
  add_perturbations(cells, options, inspection);
  return inspection;
}

std::string columns_text(const std::vector<std::pair<std::string, std::string>>& columns) {
  std::string text;
  for (const auto& [name, type] : columns)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name, type);
  return text.empty() ? "none" : text;
}

nlohmann::ordered_json object_of(const auto& pairs) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [key, value] : pairs) object[key] = value;
  return object;
}

}  // namespace

Inspection inspect(const ReadOptions& options, int threads) {
  return with_clear_errors(options.path, [&] {
    const std::unique_ptr<Source> source = open_source(options);
    return inspect_source(*source, options, threads);
  });
}

std::string to_text(const Inspection& inspection) {
  const double size = static_cast<double>(inspection.cells) * static_cast<double>(inspection.genes);
  std::string text = fmt::format("format         {}\ncells          {}\ngenes          {}\n",
                                 inspection.format, inspection.cells, inspection.genes);
  if (inspection.matrix.empty()) {
    text += "X              missing\n";
  } else {
    text += fmt::format("X              {} {}, {} values not zero ({:.1f} %)\n", inspection.matrix,
                        inspection.dtype, inspection.nonzeros,
                        size > 0 ? 100 * static_cast<double>(inspection.nonzeros) / size : 0.0);
  }
  text += fmt::format("layers         {}\n", list_of(inspection.layers));
  if (!inspection.raw.empty())
    text += fmt::format("raw            {}, {} genes\n", inspection.raw, inspection.raw_genes);
  text += fmt::format("counts         {}\n", inspection.counts.value_or("no matrix holds integer counts"));
  text += fmt::format("obs            {}\n", columns_text(inspection.obs));
  text += fmt::format("var            {}\n", columns_text(inspection.var));
  if (inspection.perturbation_column.empty()) {
    text += "perturbations  not recognised\n";
  } else {
    text += fmt::format("perturbations  {} in column {}:\n", inspection.perturbations.size() - 1,
                        inspection.perturbation_column);
    for (const auto& [label, cells] : inspection.perturbations)
      text += fmt::format("  {:<28} {:>8}\n", label, cells);
  }
  for (const std::string& remark : inspection.remarks) text += fmt::format("note           {}\n", remark);
  return text;
}

std::string to_json(const Inspection& inspection) {
  nlohmann::ordered_json json;
  json["format"] = inspection.format;
  json["cells"] = inspection.cells;
  json["genes"] = inspection.genes;
  json["nonzeros"] = inspection.nonzeros;
  json["matrix"] =
      inspection.matrix.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(inspection.matrix);
  json["dtype"] =
      inspection.dtype.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(inspection.dtype);
  json["layers"] = inspection.layers;
  json["raw"] = inspection.raw.empty() ? nlohmann::ordered_json()
                                       : nlohmann::ordered_json({{"genes", inspection.raw_genes}});
  json["obs"] = object_of(inspection.obs);
  json["var"] = object_of(inspection.var);
  json["counts"] = inspection.counts ? nlohmann::ordered_json(*inspection.counts) : nlohmann::ordered_json();
  json["perturbations"] = object_of(inspection.perturbations);
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace sparcell
