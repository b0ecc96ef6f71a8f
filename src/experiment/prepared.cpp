#include "experiment/prepared.h"

#include <algorithm>
#include <set>

#include "core/first_integers.h"
#include "experiment/fitted_cells.h"
#include "experiment/two_batches.h"

namespace sparcell {
namespace {

std::vector<std::int32_t> fit_cells(FitOn fit_on, const Split& split, const Dataset& data) {
  return fit_on == FitOn::train ? split.train : first_integers(data.cell_count());
}

/// A file of other data may name a few of the cells by chance.
void warn_of_cells_in_no_part(const Dataset& data, const Split& split, Log& log) {
  const std::int64_t given = std::ssize(split.train) + std::ssize(split.validation) + std::ssize(split.test);
  if (given == data.cell_count()) return;
  log.warn("split.file: {} of {} cells are in no part: the file has no line for them, or no word",
           data.cell_count() - given, data.cell_count());
}

Dataset annotations(const Dataset& data) {
  Dataset copy;
  copy.x.rows = data.x.rows;
  copy.x.cols = data.x.cols;
  copy.cells = {};
  copy.genes = data.genes;
  return copy;
}

/// Filters the data and says which of the file's genes of a name the kept ones are.
std::vector<std::int64_t> filter_genes_and_cells(Dataset& data, const FilterOptions& options, Log& log) {
  const std::string column = "sparcell: occurrence of the name";  // rides along, for the genes of the file
  const std::vector<std::int64_t> before = occurrences(data.genes.names);
  const bool repeats = std::any_of(before.begin(), before.end(), [](std::int64_t n) { return n > 0; });
  if (repeats) data.genes.set({.name = column, .values = before, .missing = {}});
  data = filter(std::move(data), options, log);
  if (!repeats) return std::vector<std::int64_t>(data.genes.names.size(), 0);
  const auto kept = std::get<std::vector<std::int64_t>>(data.genes.find(column)->values);
  std::erase_if(data.genes.columns, [&](const Column& c) { return c.name == column; });
  return kept;
}

/// Perturbations of which no cell trains, by the part that they are held out for.
void say_what_is_held_out(const Perturbations& perturbations, const Split& split, Log& log) {
  constexpr std::size_t line = 140;
  std::set<std::int32_t> trained;
  for (const std::int32_t cell : split.train) trained.insert(perturbations.of_cell[cell]);
  const auto say = [&](const char* part, const std::vector<std::int32_t>& cells) {
    std::set<std::string> names;
    for (const std::int32_t cell : cells) {
      const std::int32_t of_cell = perturbations.of_cell[cell];
      if (of_cell >= 0 && !trained.contains(of_cell)) names.insert(perturbations.names[of_cell]);
    }
    if (names.empty()) return;
    std::string text;
    for (auto name = names.begin(); name != names.end() && text.size() < line; ++name)
      text += (text.empty() ? "" : ", ") + *name;
    log.info("split: {} perturbation{} held out for {}: {}{}", names.size(), names.size() == 1 ? "" : "s",
             part, text, text.size() < line ? "" : " ...");
  };
  say("validation", split.validation);
  say("test", split.test);
}

}  // namespace

Prepared prepare(Context& context, const Experiment& experiment, Log& log, StageCosts& costs) {
  StageClock clock(costs);
  Prepared p;
  const MatrixNeed need = experiment.normalize.enabled ? MatrixNeed::counts : MatrixNeed::any;

  p.data = clock.time("read", [&] { return read(experiment.read, need, log, context.threads()); });
  log.info("read: {} cells, {} genes, {} non-zeros from {} ({})", p.data.cell_count(), p.data.gene_count(),
           p.data.x.nonzeros(), p.data.source, p.data.matrix);
  const std::vector<std::int64_t> which =
      clock.time("filter", [&] { return filter_genes_and_cells(p.data, experiment.filter, log); });
  p.split = clock.time("split", [&] {
    return split(p.data, experiment.split,
                 static_cast<std::uint64_t>(experiment.split.seed.value_or(experiment.seed)));
  });
  if (experiment.split.by == SplitBy::file) warn_of_cells_in_no_part(p.data, p.split, log);
  if (experiment.fast_dev_run) keep_two_batches(experiment, p.data, p.split);
  log.info("split: {} training, {} validation, {} test cells", p.split.train.size(),
           p.split.validation.size(), p.split.test.size());
  if (experiment.split.by == SplitBy::perturbation) say_what_is_held_out(p.data.perturbations, p.split, log);

  p.fitted.normalization = clock.time("normalize", [&] {
    return normalize(context, p.data, experiment.normalize,
                     fit_cells(experiment.normalize.fit_on, p.split, p.data));
  });
  if (!experiment.normalize.enabled && p.data.counts) {
    log.warn(
        "normalize is none, and {} of {} holds integer counts: models see them as they are, while measures "
        "and figures speak of log-normalized values; let normalize make those, or name another matrix with "
        "read.counts",
        p.data.matrix, p.data.source);
  }
  p.before = annotations(p.data);
  p.fitted.counted = p.data.genes.names;
  if (which != occurrences(p.fitted.counted)) p.fitted.counted_occurrence = which;
  p.selection = clock.time("select", [&] {
    return select(context, p.data, experiment.select, p.split.train, log);
  });
  if (static_cast<std::int64_t>(p.selection.genes.size()) < p.data.gene_count()) {
    p.data = clock.time("select", [&] { return take_selected(context, p.data, p.selection); });
  }
  log.info("select: {} genes", p.data.gene_count());
  p.fitted.genes = p.data.genes.names;
  std::vector<std::int64_t> selected;
  for (const std::int32_t gene : p.selection.genes) selected.push_back(which[gene]);
  if (selected != occurrences(p.fitted.genes)) p.fitted.genes_occurrence = selected;
  if (experiment.normalize.enabled && experiment.normalize.standardize) {
    p.fitted.scaler = clock.time("normalize", [&] {
      return fit_scaler(context, p.data.x, fit_cells(experiment.normalize.fit_on, p.split, p.data));
    });
  }
  return p;
}

EvaluateOptions evaluate_options(const Experiment& experiment) {
  EvaluateOptions options = experiment.evaluate;
  if (options.as_counts == CountsToo::standardized && experiment.normalize.standardize)
    options.as_counts = CountsToo::always;
  return options;
}

std::vector<Fit> fits_of(const Experiment& experiment, const Prepared& prepared) {
  const auto fit = [&](const char* what, FitOn fit_on) {
    return Fit{what, fit_cells(fit_on, prepared.split, prepared.data), fit_on == FitOn::all};
  };
  std::vector<Fit> fits;
  const NormalizeOptions& normalize = experiment.normalize;
  if (normalize.enabled && (normalize.standardize || normalize.target_sum.word == "median"))
    fits.push_back(fit("normalize", normalize.fit_on));
  const SelectFlavor flavor = experiment.select.flavor;
  if (flavor != SelectFlavor::list && flavor != SelectFlavor::all)
    fits.push_back(fit("select", experiment.select.fit_on));
  for (const auto& [name, options] : experiment.model) fits.push_back({name, seen_cells(prepared)});
  return fits;
}

}  // namespace sparcell
