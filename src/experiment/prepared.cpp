#include "experiment/prepared.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "experiment/condition_table.h"
#include "experiment/fitted_cells.h"
#include "experiment/stage_clock.h"
#include "hdf5/file.h"

namespace sparcell {
namespace {

std::vector<std::int32_t> fit_cells(FitOn fit_on, const Split& split, const Dataset& data) {
  if (fit_on == FitOn::train) return split.train;
  std::vector<std::int32_t> all(static_cast<std::size_t>(data.cell_count()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// So many of the cells, evenly spaced: files are often sorted by what cells have in common.
void keep_evenly(std::vector<std::int32_t>& cells, std::size_t most) {
  if (cells.size() <= most) return;
  for (std::size_t i = 0; i < most; ++i) cells[i] = cells[i * cells.size() / most];
  cells.resize(most);
}

/// A file of other data may name a few of the cells by chance.
void warn_of_cells_in_no_part(const Dataset& data, const Split& split, Log& log) {
  const std::int64_t given = std::ssize(split.train) + std::ssize(split.validation) + std::ssize(split.test);
  if (given == data.cell_count()) return;
  log.warn("split.file: {} of {} cells are in no part: the file has no line for them, or no word",
           data.cell_count() - given, data.cell_count());
}

/// What models may be told of a cell: its perturbation, the genes of that, and its levels of their other
/// conditions.
std::set<std::string> told_of(const Dataset& data, const ModelSet& models, std::int32_t cell) {
  std::set<std::string> told;
  const std::int32_t perturbation = data.perturbations.known() ? data.perturbations.of_cell[cell] : -1;
  if (perturbation >= 0) {
    told.insert("perturbation=" + data.perturbations.names[perturbation]);
    for (const std::string& gene : data.perturbations.parts[perturbation]) told.insert("gene=" + gene);
  }
  for (const auto& [name, options] : models) {
    for (const std::string& condition : options.condition) {
      const Column* column = data.cells.find(condition);
      if (column != nullptr) told.insert("obs." + condition + "=" + column->text(cell));
    }
  }
  return told;
}

std::set<std::string> told_of(const Dataset& data, const ModelSet& models,
                              const std::vector<std::int32_t>& cells) {
  std::set<std::string> told;
  for (const std::int32_t cell : cells) told.merge(told_of(data, models, cell));
  return told;
}

/// `fast_dev_run`: two batches of everything. A perturbation that lost its training cells here is not held
/// out: where models are told such things, its other cells go too, and those of which a gene is nowhere else.
void keep_two_batches(const Experiment& experiment, const Dataset& data, Split& split) {
  const ModelSet& models = experiment.model;
  std::int64_t batch = 0;
  bool is_told = false;
  for (const auto& [name, options] : models) {
    batch = std::max(batch, options.train.batch);
    is_told = is_told || needs_table(options);
  }
  const auto most = static_cast<std::size_t>(2 * batch);
  std::set<std::string> lost;
  if (is_told) lost = told_of(data, models, split.train);
  keep_evenly(split.train, most);
  if (is_told) {
    for (const std::string& kept : told_of(data, models, split.train)) lost.erase(kept);
  }
  for (std::vector<std::int32_t>* part : {&split.validation, &split.test}) {
    std::erase_if(*part, [&](std::int32_t cell) {
      const std::set<std::string> told = lost.empty() ? std::set<std::string>() : told_of(data, models, cell);
      return std::any_of(told.begin(), told.end(),
                         [&](const std::string& one) { return lost.contains(one); });
    });
    keep_evenly(*part, most);
  }
}

Dataset annotations(const Dataset& data) {
  Dataset copy;
  copy.x.rows = data.x.rows;
  copy.x.cols = data.x.cols;
  copy.cells = {};
  copy.genes = data.genes;
  return copy;
}

/// How many names before each are the same.
std::vector<std::int64_t> occurrences(const std::vector<std::string>& names) {
  std::map<std::string, std::int64_t> seen;
  std::vector<std::int64_t> before;
  for (const std::string& name : names) before.push_back(seen[name]++);
  return before;
}

/// Several genes may have a name: what tells them apart is which of them they are.
using GeneKey = std::pair<std::string, std::int64_t>;

std::vector<GeneKey> gene_keys(const std::vector<std::string>& names, std::vector<std::int64_t> which = {}) {
  if (which.empty()) which = occurrences(names);
  std::vector<GeneKey> keys;
  for (std::size_t g = 0; g < names.size(); ++g) keys.emplace_back(names[g], which[g]);
  return keys;
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

/// Takes out the values of genes that were no part of a cell's sum when the normalization was fitted.
void keep_counted(Dataset& data, const std::vector<GeneKey>& counted, Log& log) {
  const std::set<GeneKey> wanted(counted.begin(), counted.end());
  const std::vector<GeneKey> genes = gene_keys(data.genes.names);
  std::vector<bool> keep(genes.size());
  std::size_t found = 0;
  for (std::size_t g = 0; g < keep.size(); ++g) {
    keep[g] = wanted.contains(genes[g]);
    found += keep[g];
  }
  if (found < wanted.size()) {
    log.warn("{} of the {} genes that made up a cell's sum are not in {}: its cells are scaled up for them",
             wanted.size() - found, wanted.size(), data.source);
  }
  Csr<float>& x = data.x;
  std::int64_t kept = 0, row_begin = 0;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t k = std::exchange(row_begin, x.offsets[r + 1]); k < x.offsets[r + 1]; ++k) {
      if (!keep[x.indices[k]]) continue;
      x.indices[kept] = x.indices[k];
      x.values[kept++] = x.values[k];
    }
    x.offsets[r + 1] = kept;
  }
  x.indices.resize(static_cast<std::size_t>(kept));
  x.values.resize(static_cast<std::size_t>(kept));
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

Dataset bring_into_space(Context& context, const ReadOptions& read_options, const Preprocessing& fitted,
                         bool fill_missing, Log& log) {
  const MatrixNeed need = fitted.normalization.enabled ? MatrixNeed::counts : MatrixNeed::any;
  Dataset data = read(read_options, need, log, context.threads());
  if (fitted.normalization.enabled)
    keep_counted(data, gene_keys(fitted.counted, fitted.counted_occurrence), log);
  apply(context, data, fitted.normalization);

  std::map<GeneKey, std::int32_t> place;  // of each wanted gene
  for (const GeneKey& gene : gene_keys(fitted.genes, fitted.genes_occurrence))
    place.emplace(gene, static_cast<std::int32_t>(place.size()));
  std::vector<std::int32_t> to;
  std::vector<bool> found(fitted.genes.size(), false);
  for (const GeneKey& gene : gene_keys(data.genes.names)) {
    const auto wanted = place.find(gene);
    to.push_back(wanted == place.end() ? -1 : wanted->second);
    if (to.back() >= 0) found[to.back()] = true;
  }
  const auto missing = std::count(found.begin(), found.end(), false);
  if (missing == std::ssize(found)) {
    throw DataError("{} has none of the {} genes that the model needs ({}...); its own are named {}...",
                    read_options.path, found.size(), fitted.genes.front(),
                    data.genes.names.empty() ? "nothing" : data.genes.names.front());
  }
  if (missing > 0) {
    const auto first = static_cast<std::size_t>(std::find(found.begin(), found.end(), false) - found.begin());
    if (!fill_missing) {
      throw DataError(
          "{} lacks {} of the {} genes that the model needs ({}...); --fill-missing takes zeros for them",
          read_options.path, missing, fitted.genes.size(), fitted.genes[first]);
    }
    log.warn("{} of {} genes are not in {}: zeros are taken for them", missing, fitted.genes.size(),
             read_options.path);
  }

  Dataset out;
  out.cells = std::move(data.cells);
  out.genes.names = fitted.genes;
  out.perturbations = std::move(data.perturbations);
  out.source = data.source;
  out.matrix = data.matrix;
  out.checksum = data.checksum;
  out.x.rows = data.x.rows;
  out.x.cols = static_cast<std::int64_t>(fitted.genes.size());
  out.x.offsets.reserve(data.x.offsets.size());
  const bool raw = data.raw.known();
  out.raw = std::move(data.raw);
  LargeArray<float> counts;
  std::vector<std::pair<std::int32_t, std::int64_t>> row;  // the gene here, the entry there
  for (std::int64_t r = 0; r < data.x.rows; ++r) {
    row.clear();
    for (std::int64_t k = data.x.offsets[r]; k < data.x.offsets[r + 1]; ++k) {
      if (to[data.x.indices[k]] >= 0) row.emplace_back(to[data.x.indices[k]], k);
    }
    std::sort(row.begin(), row.end());
    for (const auto& [gene, entry] : row) {
      out.x.indices.push_back(gene);
      out.x.values.push_back(data.x.values[entry]);
      if (raw) counts.push_back(out.raw.values[entry]);
    }
    out.x.offsets.push_back(static_cast<std::int64_t>(out.x.indices.size()));
  }
  out.raw.values = std::move(counts);
  return out;
}

void write_preprocessing(const std::string& path, const Preprocessing& fitted) {
  hdf5::NewFile file(path);
  file.set("normalized", fitted.normalization.enabled);
  file.set("log1p", fitted.normalization.log1p);
  file.set("counts", fitted.normalization.counts);
  file.set("target_sum", fitted.normalization.target_sum);
  file.write_strings("counted", fitted.counted);
  file.write_strings("genes", fitted.genes);
  if (!fitted.counted_occurrence.empty()) file.write("counted_occurrence", fitted.counted_occurrence);
  if (!fitted.genes_occurrence.empty()) file.write("genes_occurrence", fitted.genes_occurrence);
  if (!fitted.scaler.empty()) {
    file.write("scaler_mean", fitted.scaler.mean);
    file.write("scaler_scale", fitted.scaler.scale);
  }
  file.commit();
}

Preprocessing read_preprocessing(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path);
  Preprocessing fitted;
  fitted.normalization = {.enabled = file.integer("normalized") != 0,
                          .target_sum = file.number("target_sum"),
                          .log1p = file.integer("log1p") != 0,
                          .counts = file.integer("counts") != 0};
  fitted.counted = file.dataset("counted").read_strings();
  fitted.genes = file.dataset("genes").read_strings();
  if (file.exists("counted_occurrence"))
    fitted.counted_occurrence = file.dataset("counted_occurrence").read<std::int64_t>();
  if (file.exists("genes_occurrence"))
    fitted.genes_occurrence = file.dataset("genes_occurrence").read<std::int64_t>();
  if (file.exists("scaler_mean")) {
    fitted.scaler = {file.dataset("scaler_mean").read<float>(), file.dataset("scaler_scale").read<float>()};
  }
  return fitted;
}

}  // namespace sparcell
