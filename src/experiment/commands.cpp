#include "experiment/commands.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <new>
#include <numeric>

#include "experiment/finished_run.h"
#include "experiment/fitted_cells.h"
#include "experiment/outputs.h"
#include "experiment/result.h"
#include "sparcell/anndata.h"
#include "sparcell/config.h"

namespace sparcell {
namespace {

std::vector<std::int32_t> cells_from(std::int64_t first, std::int64_t count) {
  std::vector<std::int32_t> cells(static_cast<std::size_t>(count));
  std::iota(cells.begin(), cells.end(), static_cast<std::int32_t>(first));
  return cells;
}

Context context_of(const FinishedRun& run) {
  return Context(find_device(run.experiment().device), static_cast<int>(run.experiment().threads));
}

/// Whether `path` is the file `other`, under whatever name, or a file in the folder `other`.
bool is_part_of(const std::string& path, const std::string& other) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (!fs::exists(path, ignored) || !fs::exists(other, ignored)) return false;
  if (fs::equivalent(path, other, ignored)) return true;
  const fs::path below = fs::canonical(path, ignored), above = fs::canonical(other, ignored);
  return std::mismatch(above.begin(), above.end(), below.begin(), below.end()).first == above.end();
}

/// An output may replace an earlier one, but not what the command reads.
void check_output(const std::string& command, const FinishedRun& run, const std::string& output,
                  const std::string& input = "") {
  const auto keep = [&](const std::string& read, const char* what) {
    if (is_part_of(output, read))
      throw UsageError("{}: writing {} would destroy {}; name another file", command, output, what);
  };
  keep(input, "the input");
  keep(run.experiment().read.path, "the run's data");
  keep(run.paths().folder.string(), "a file of the run");
}

/// Options for reading another file: the run's, without its labels, which the file may not have.
ReadOptions options_for(const FinishedRun& run, const std::string& path) {
  ReadOptions options = run.experiment().read;
  options.path = path;
  options.perturbation = {.preset = LabelPreset::none, .column = {}, .separator = {}, .controls = {}};
  return options;
}

/// Training cells of the run with the other file's cells after them, which become the test cells.
void replace_test_cells(Prepared& prepared, const Dataset& other) {
  const std::int64_t first = prepared.data.cell_count();
  Csr<float>& x = prepared.data.x;
  x.indices.insert(x.indices.end(), other.x.indices.begin(), other.x.indices.end());
  x.values.insert(x.values.end(), other.x.values.begin(), other.x.values.end());
  RawCounts& raw = prepared.data.raw;
  raw.values.insert(raw.values.end(), other.raw.values.begin(), other.raw.values.end());
  raw.library.insert(raw.library.end(), other.raw.library.begin(), other.raw.library.end());
  const std::int64_t shift = x.offsets.back();
  for (std::size_t r = 1; r < other.x.offsets.size(); ++r) x.offsets.push_back(shift + other.x.offsets[r]);
  x.rows += other.x.rows;
  std::vector<std::string>& names = prepared.data.cells.names;
  names.insert(names.end(), other.cells.names.begin(), other.cells.names.end());
  if (prepared.data.perturbations.known())  // the other file is read without labels
    prepared.data.perturbations.of_cell.resize(static_cast<std::size_t>(x.rows), -1);
  prepared.split.test = cells_from(first, other.cell_count());
}

/// Where the run's data are: its path may have been meant from the folder in which the run began.
std::string path_of_data(const FinishedRun& run) {
  const std::filesystem::path path = run.experiment().read.path, began = run.working_folder();
  std::error_code ignored;
  if (path.is_absolute() || std::filesystem::exists(path, ignored) || began.empty()) return path.string();
  if (std::filesystem::exists(began / path, ignored)) return (began / path).string();
  throw DataError("{}, which {} was trained on, is neither here nor in {}, where the run began",
                  path.string(), run.paths().folder.string(), began.string());
}

/// The run's own data with its own split.
Prepared prepare_again(Context& context, const FinishedRun& run, Log& log) {
  Experiment experiment = run.experiment();
  experiment.read.path = path_of_data(run);
  experiment.split = {};
  experiment.split.by = SplitBy::file;
  experiment.split.file = run.paths().file("split.csv");
  StageCosts costs;
  Prepared prepared = prepare(context, experiment, log, costs);
  if (config_hash(run.experiment(), prepared.data.checksum, run.starts()) != run.config_hash()) {
    throw DataError("{} is not the file that {} was trained on: its content differs", experiment.read.path,
                    run.paths().folder.string());
  }
  return prepared;
}

/// A model over the run's own cells, with their conditions.
std::unique_ptr<TrainedModel> load_conditioned(const FinishedRun& run, Context& context,
                                               const std::string& name, std::optional<Weights> weights,
                                               const Prepared& prepared, Log& log) {
  return run.load(context, name, weights, prepared.data,
                  ConditionTable(context, name, run.options(name), prepared, log), seen_cells_hash(prepared));
}

}  // namespace

void embed(const std::string& folder, const std::string& input, const std::string& output,
           const ModelChoice& choice, bool fill_missing, Log& log) {
  const FinishedRun run(folder);
  check_output("embed", run, output, input);
  const std::string name = run.choose(choice, {ModelType::autoencoder, ModelType::vae});
  Context context = context_of(run);
  const Dataset data =
      bring_into_space(context, options_for(run, input), run.preprocessing(), fill_missing, log);
  const auto model = run.load(context, name, choice.weights, data);
  AnnDataContent content;
  content.obs = data.cells;
  content.obsm.emplace_back("X_" + name, model->encode(cells_from(0, data.cell_count())));
  content.uns = provenance_uns(run.config_hash(), data.checksum, run.experiment().seed);
  write_anndata(output, content);
  log.info("embed: {} cells in obsm/X_{} of {}", data.cell_count(), name, output);
}

void generate(const std::string& folder, const std::string& output, std::int64_t cells, std::uint64_t seed,
              std::optional<SampleFrom> from, const ModelChoice& choice, Log& log) {
  const FinishedRun run(folder);
  check_output("generate", run, output);
  const std::string name = run.choose(choice, {ModelType::vae, ModelType::gan});
  Context context = context_of(run);
  const Preprocessing& fitted = run.preprocessing();
  Prepared prepared;  // without cells, where none are needed
  prepared.data.x.cols = static_cast<std::int64_t>(fitted.genes.size());
  prepared.data.raw.target_sum = fitted.normalization.target_sum;
  prepared.data.raw.log1p = fitted.normalization.log1p;
  const SampleFrom source = from.value_or(run.options(name).sample.from);
  if (from == SampleFrom::mixture && run.options(name).type != ModelType::vae)
    throw UsageError("--from mixture: {} is a GAN, which has no latent values of training cells", name);
  const bool is_told =
      needs_table(run.options(name));  // conditions or groups of training cells, which are drawn
  if (is_told || needs_training_cells(run.options(name), source)) prepared = prepare_again(context, run, log);
  const auto model = is_told ? load_conditioned(run, context, name, choice.weights, prepared, log)
                             : run.load(context, name, choice.weights, prepared.data);
  model->know_training_cells(prepared.split.train);
  try {
    const Matrix<float> generated = model->generate(0, cells, seed, source);
    AnnDataContent content;
    content.x = &generated;
    content.obs = generated_cells(name, cells);
    content.var.names = run.preprocessing().genes;
    content.uns = provenance_uns(run.config_hash(), "", static_cast<std::int64_t>(seed));
    write_anndata(output, content);
  } catch (const std::bad_alloc&) {
    constexpr double gibibyte = 1 << 30;
    throw MemoryError(
        "generate: out of memory; {} cells of {} genes are {:.3g} GiB: ask for fewer --cells", cells,
        fitted.genes.size(),
        static_cast<double>(cells) * static_cast<double>(fitted.genes.size() * sizeof(float)) / gibibyte);
  }
  log.info("generate: {} cells of {} in {}", cells, name, output);
}

void predict(const std::string& folder, const std::string& label, const std::string& output,
             const ModelChoice& choice, Log& log) {
  const FinishedRun run(folder);
  check_output("predict", run, output);
  const auto is_told = [](const ModelOptions& model) {
    return std::find(model.condition.begin(), model.condition.end(), "perturbation") != model.condition.end();
  };
  const std::string name = run.choose(
      choice, [&](const ModelOptions& model) { return model.type != ModelType::gan || is_told(model); });
  if (!is_told(run.options(name))) {
    throw UsageError("predict: {} is told no perturbation (model.{}.condition), so it can predict none", name,
                     name);
  }
  Context context = context_of(run);
  const Prepared prepared = prepare_again(context, run, log);
  const auto model = load_conditioned(run, context, name, choice.weights, prepared, log);
  if (!model->predicts()) throw DataError("predict: {} has no training cells that are controls", folder);
  const std::vector<std::int32_t>& controls = model->conditions().controls();
  const std::vector<std::string> parts = parts_of_label(label);
  const Matrix<float> predicted = model->predict(controls, parts);
  AnnDataContent content;
  content.x = &predicted;
  content.obs = take_rows(prepared.data.cells, controls);
  const std::string canonical = parts.empty() ? "control" : fmt::format("{}", fmt::join(parts, "+"));
  const auto constant = [&](const char* column, const std::string& value) {
    content.obs.set({.name = column,
                     .values = Categorical{std::vector<std::int32_t>(controls.size(), 0), {value}},
                     .missing = {}});
  };
  constant("source", name);
  constant("predicted_perturbation", canonical);
  content.var.names = run.preprocessing().genes;
  content.uns = provenance_uns(run.config_hash(), prepared.data.checksum, run.experiment().seed);
  write_anndata(output, content);
  log.info("predict: {} controls as {} by {} in {}", controls.size(), canonical, name, output);
}

std::string evaluate_run(const std::string& folder, const std::string& input, std::optional<Weights> weights,
                         bool fill_missing, Log& log) {
  const FinishedRun run(folder);
  Context context = context_of(run);
  const Experiment& experiment = run.experiment();
  Prepared prepared = prepare_again(context, run, log);
  const std::vector<Fit> fits = fits_of(experiment, prepared);  // on cells of the run's own file
  const std::string seen = seen_cells_hash(prepared);
  std::vector<ConditionTable> conditions = condition_tables(context, experiment.model, prepared, log);
  if (!input.empty()) {
    for (const auto& [name, options] : experiment.model) {
      if (!needs_table(options)) continue;
      throw UsageError(
          "evaluate: {} {} of the run's own cells; cells of another file ({}) cannot be judged", name,
          options.condition.empty() ? "has dispersions by perturbations" : "is told conditions", input);
    }
    replace_test_cells(
        prepared, bring_into_space(context, options_for(run, input), run.preprocessing(), fill_missing, log));
  }
  std::vector<std::unique_ptr<TrainedModel>> models;
  std::vector<JudgedModel> judged;
  for (const auto& [name, options] : experiment.model) {
    // A GAN has best weights only where the run was to choose some.
    const bool last = options.type == ModelType::gan && !run.has_best(name);
    models.push_back(run.load(context, name, last ? Weights::last : weights, prepared.data,
                              std::move(conditions[models.size()]), seen));
    models.back()->know_training_cells(prepared.split.train);
    judged.push_back(models.back()->judged());
  }
  const Evaluation evaluation = evaluate(context, prepared.data, prepared.split, judged, experiment.evaluate,
                                         static_cast<std::uint64_t>(experiment.seed), log, fits);
  return evaluation_json(evaluation).dump(2);
}

}  // namespace sparcell
