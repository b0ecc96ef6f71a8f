// Station 1, read: a count file of any common format becomes a Dataset.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sparcell/core/dataset.h"
#include "sparcell/core/describe.h"
#include "sparcell/core/log.h"

namespace sparcell {

enum class LabelPreset { automatic, none, gears, scperturb, pertpy, cpa };
template <>
struct Names<LabelPreset> {
  static constexpr std::string_view values[] = {"auto", "none", "gears", "scperturb", "pertpy", "cpa"};
};

/// How cells are labelled with perturbations. Empty fields are taken from the preset.
struct PerturbationOptions {
  LabelPreset preset = LabelPreset::automatic;
  std::string column;
  std::string separator;
  std::vector<std::string> controls;
};

template <class Visitor>
void describe(Visitor& v, PerturbationOptions& o) {
  v.field("preset", o.preset, "Convention of the labels; auto recognises one by its column, none reads no labels.");
  v.field("column", o.column, "The obs column that holds the labels, instead of the preset's.");
  v.field("separator", o.separator, "What stands between the parts of a label, instead of the preset's.");
  v.field("controls", o.controls, "Names of the control, instead of the preset's; a trailing * matches any rest.");
}

struct ReadOptions {
  std::string path;
  std::string counts;
  bool fractional_counts = false;
  std::string genome;
  std::string feature_type = "Gene Expression";
  std::string gene_column;
  std::string annotations;
  PerturbationOptions perturbation;
};

template <class Visitor>
void describe(Visitor& v, ReadOptions& o) {
  v.field("path", o.path, "File or folder with the data: AnnData, 10x HDF5 or a Matrix Market triple.");
  v.field("counts", o.counts, "The matrix to use: X, raw or layers/NAME; empty: the one that holds counts is found.");
  v.field("fractional_counts", o.fractional_counts,
          "The matrix that `counts` names holds counts that need not be whole, as SoupX or velocyto leave them; "
          "models and baselines of counts are not for them.");
  v.field("genome", o.genome, "Genome to take from a 10x file that holds several.");
  v.field("feature_type", o.feature_type, "Feature type to take from a 10x file; empty takes all.");
  v.field("gene_column", o.gene_column, "The var column that names the genes, instead of the index.");
  v.field("annotations", o.annotations, "Table of more annotations of the cells, as CSV or TSV: its first column names them.");
  v.section("perturbation", o.perturbation, "Perturbation labels of the cells.");
}

/// What the later stations need of the matrix.
enum class MatrixNeed {
  counts,  ///< counts are looked for (or verified where `counts` names a matrix)
  any      ///< X by default, as it is
};

/// Reads a data set. Throws DataError with file, group and what was expected; UsageError for options that do not fit the
/// file. Duplicate names, and what was chosen where the options are silent, go to the log.
Dataset read(const ReadOptions& options, MatrixNeed need, Log& log, int threads = 1);

/// What is known of a file without its matrix.
struct DataOutline {
  std::string checksum;  ///< as Dataset::checksum
  std::int64_t cells = 0;
  std::int64_t genes = 0;
};

/// Throws as `read` does. Takes the time to read the file's bytes once.
DataOutline outline(const ReadOptions& options);

/// What `sparcell inspect` prints.
struct Inspection {
  std::string format;  ///< h5ad, loom, 10x_h5, 10x_mtx
  std::int64_t cells = 0;
  std::int64_t genes = 0;
  std::int64_t nonzeros = 0;
  std::string matrix;                 ///< csr, csc or dense; empty where X is missing
  std::string dtype;                  ///< of X: float32, int64...
  std::vector<std::string> layers;
  std::string raw;                    ///< layout and values of raw/X, which has genes of its own; empty: no raw
  std::int64_t raw_genes = 0;
  std::vector<std::pair<std::string, std::string>> obs;  ///< column and type
  std::vector<std::pair<std::string, std::string>> var;
  std::optional<std::string> counts;  ///< where integer counts were found
  std::string perturbation_column;
  std::vector<std::pair<std::string, std::int64_t>> perturbations;  ///< label and number of cells
  std::vector<std::string> remarks;   ///< duplicate names, encodings that will not be read...
};

/// Throws as `read` does.
Inspection inspect(const ReadOptions& options, int threads = 1);

/// For a terminal.
std::string to_text(const Inspection& inspection);

/// Keys: format, cells, genes, nonzeros, matrix, dtype, layers, raw, obs, var, counts, perturbations.
std::string to_json(const Inspection& inspection);

}  // namespace sparcell
