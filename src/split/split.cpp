#include "sparcell/split.h"

#include "core/csv.h"
#include "core/whole_file.h"
#include "split/draw.h"

namespace sparcell {
namespace {

void check_shares(const SplitOptions& options) {
  const double sum = options.train + options.validation + options.test;
  if (sum > 1 + 1e-9) {
    throw UsageError("split: the shares train {}, validation {} and test {} sum to {}, more than 1",
                     options.train, options.validation, options.test, sum);
  }
  if (options.stratify && options.by != SplitBy::cell) {
    throw UsageError("split.stratify draws cells within each perturbation: it needs split.by: cell, not {}",
                     name_of(options.by));
  }
  const bool by_perturbation = options.by == SplitBy::perturbation;
  if (options.hold_out != HoldOut::any && !by_perturbation) {
    throw UsageError("split.hold_out {} holds perturbations out: it needs split.by: perturbation, not {}",
                     name_of(options.hold_out), name_of(options.by));
  }
  if (options.seen && !(by_perturbation && options.hold_out == HoldOut::doubles)) {
    throw UsageError("split.seen chooses among doubles: it needs split.hold_out: doubles, not {}",
                     name_of(options.hold_out));
  }
}

/// Training needs two cells, and a part that is wanted one. Where the split is given, only validation may be
/// missing.
void check_parts(const Split& split, const SplitOptions& options, const Dataset& data) {
  const bool drawn = options.by == SplitBy::cell || options.by == SplitBy::perturbation;
  const auto check = [&](const char* name, std::size_t cells, std::size_t least) {
    if (cells >= least) return;
    throw DataError("split.by {}: {} of the {} cells of {} {} for {}, which needs at least {}",
                    name_of(options.by), cells == 0 ? "none" : "one", data.cell_count(), data.source,
                    cells == 0 ? "are left" : "is left", name, least);
  };
  check("train", split.train.size(), 2);
  check("validation", split.validation.size(), drawn && options.validation > 0 ? 1 : 0);
  check("test", split.test.size(), !drawn || options.test > 0 ? 1 : 0);
}

Split make(const Dataset& data, const SplitOptions& options, std::uint64_t seed) {
  switch (options.by) {
    case SplitBy::cell:
      return options.stratify ? draw_cells_of_each_perturbation(data, options, seed)
                              : draw_cells(data, options, seed);
    case SplitBy::perturbation:
      return draw_perturbations(data, options, seed);
    case SplitBy::column:
      return split_of_column(data, options);
    case SplitBy::file:
      return split_of_file(data, options);
  }
  throw InternalError("split: {} is no way to split", static_cast<int>(options.by));
}

}  // namespace

Split split(const Dataset& data, const SplitOptions& options, std::uint64_t seed) {
  check_shares(options);
  Split result = make(data, options, options.seed ? static_cast<std::uint64_t>(*options.seed) : seed);
  check_parts(result, options, data);
  return result;
}

void write_split(const std::string& path, const Dataset& data, const Split& split) {
  std::vector<const char*> word(static_cast<std::size_t>(data.cell_count()), "");
  for (std::int32_t cell : split.train) word[cell] = "train";
  for (std::int32_t cell : split.validation) word[cell] = "validation";
  for (std::int32_t cell : split.test) word[cell] = "test";
  std::string text = "cell,split\n";
  for (std::size_t i = 0; i < word.size(); ++i)
    text += fmt::format("{},{}\n", csv_field(data.cells.names[i]), word[i]);
  write_file(path, text);
}

}  // namespace sparcell
