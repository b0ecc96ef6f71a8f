// Station 3, split: which cells train, which choose, which judge.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sparcell/core/dataset.h"
#include "sparcell/core/describe.h"

namespace sparcell {

enum class SplitBy { cell, perturbation, column, file };
template <>
struct Names<SplitBy> {
  static constexpr std::string_view values[] = {"cell", "perturbation", "column", "file"};
};

/// Which perturbations a split by perturbation may hold out.
enum class HoldOut { any, singles, doubles, genes };
template <>
struct Names<HoldOut> {
  static constexpr std::string_view values[] = {"any", "singles", "doubles", "genes"};
};

struct SplitOptions {
  SplitBy by = SplitBy::cell;
  HoldOut hold_out = HoldOut::any;
  std::optional<std::int64_t> seen;
  double train = 0.7;
  double validation = 0.15;
  double test = 0.15;
  bool stratify = false;
  std::string column;
  std::string file;
  std::optional<std::int64_t> seed;
};

template <class Visitor>
void describe(Visitor& v, SplitOptions& o) {
  v.field(
      "by", o.by,
      "Unit that is drawn: cells, or whole perturbations (controls are drawn by cell); or a given split.");
  v.field("hold_out", o.hold_out,
          "By perturbation, which are drawn: any; singles (combinations with a held-out gene are in no part); "
          "doubles (of several genes); or genes, where every perturbation of a held-out gene goes with it and "
          "doubles of training genes are drawn too. What is not drawn trains.");
  v.field("seen", o.seen, between(0, 2),
          "With hold_out doubles: only those of which so many genes are single perturbations of the data.");
  v.field("train", o.train, share, "Share of training cells (or perturbations).");
  v.field("validation", o.validation, share, "Share of validation cells.");
  v.field("test", o.test, share, "Share of test cells.");
  v.field("stratify", o.stratify, "Draw by cell within each perturbation.");
  v.field("column", o.column,
          "Obs column with the words train, validation (or val, valid) and test; empty leaves a cell out.");
  v.field("file", o.file, "A split.csv of an earlier run (columns cell, split).");
  v.field("seed", o.seed, at_least(0), "Seed of the draw; the experiment's seed where it is not given.");
}

/// Rows of the data set, ascending, disjoint. Cells that a column or file leaves out are in none of them.
struct Split {
  std::vector<std::int32_t> train;
  std::vector<std::int32_t> validation;
  std::vector<std::int32_t> test;
};

/// `seed` is the experiment's; options.seed goes before it.
/// By cell: a keyed permutation of the n cells; the first floor(train * n) train, the next floor(validation *
/// n) validate, the rest test (fractions that do not sum to 1 leave the last cells out; a part whose fraction
/// is 0 stays empty). By cell, stratified: the same within each perturbation, the control and the cells
/// without a label. Every part gets at least one cell of every perturbation; what the floors leave over goes
/// to the parts that are furthest below their share of all cells. By perturbation: perturbations are permuted
/// and counted as cells are above, the control's cells are split by cell, and cells without a label are in no
/// part (they might be cells of a perturbation that is held out). `hold_out` says what is permuted and
/// counted: single perturbations, perturbations of several genes, or perturbed genes - a perturbation tests
/// where one of its genes does, else validates where one does; those of several genes that all train are then
/// permuted and counted among themselves. Perturbations of the same genes by other guides (A_1, A_2, A_1+A_2) count
/// once and go together. Perturbations that are not among them train. By column or file: as it says; validation
/// may be missing there.
///
/// Throws UsageError for fractions above 1 in sum and options that do not fit together; DataError for less
/// than two training cells, a part that stays empty though its fraction is not 0, a perturbation with too few
/// cells for all parts (stratified), nothing of the kind that is to be held out, a missing column or file, a file that names no cell, or unknown words.
Split split(const Dataset& data, const SplitOptions& options, std::uint64_t seed);

/// The file that `file` reads: a line `cell,split` a cell, in the order of the data set; names quoted as RFC
/// 4180 asks; an empty word where a cell is in no part. Cells of the same name are told apart by their order.
void write_split(const std::string& path, const Dataset& data, const Split& split);

}  // namespace sparcell
