// The commands that write cells which a model makes: generate and predict.
#include <fmt/ranges.h>

#include <algorithm>
#include <new>

#include "experiment/commands.h"
#include "experiment/made_cells.h"
#include "experiment/outputs.h"
#include "experiment/run_again.h"
#include "filter/cells.h"

namespace sparcell {
namespace {

/// The cells that a prediction starts from, in the data's order.
std::vector<std::int32_t> starting_cells(const PredictRequest& request, const Prepared& prepared) {
  const Dataset& data = prepared.data;
  const auto is_in = [&](ControlCells part) {
    return request.controls == part || request.controls == ControlCells::all;
  };
  std::vector<std::int32_t> cells;
  for (const auto& [part, of_part] : {std::pair{ControlCells::train, &prepared.split.train},
                                      {ControlCells::validation, &prepared.split.validation},
                                      {ControlCells::test, &prepared.split.test}}) {
    if (is_in(part)) cells.insert(cells.end(), of_part->begin(), of_part->end());
  }
  std::sort(cells.begin(), cells.end());
  std::erase_if(cells, [&](std::int32_t cell) { return data.perturbations.of_cell[cell] != 0; });
  std::string wanted;
  for (const auto& [name, value] : request.where) {
    const std::vector<bool> with =
        cells_with(data, name, {value}, fmt::format("predict: --where {}={}", name, value));
    std::erase_if(cells, [&](std::int32_t cell) { return !with[cell]; });
    wanted += fmt::format("{}{}={}", wanted.empty() ? " with " : " and ", name, value);
  }
  if (cells.empty()) {
    const std::string part = request.controls == ControlCells::all ? "" : name_of(request.controls) + " ";
    throw DataError("predict: none of the {}cells is a control{}, and a prediction starts from controls",
                    part, wanted);
  }
  return cells;
}

}  // namespace

void generate(const std::string& folder, const GenerateRequest& request, const std::string& output,
              const ModelChoice& choice, Log& log) {
  const FinishedRun run(folder);
  check_output("generate", run, output);
  const std::string name = run.choose(choice, {ModelType::vae, ModelType::gan});
  const ModelOptions& options = run.options(name);
  SampleKey key{
      request.seed, request.from.value_or(options.sample.from), {.parts = {}, .levels = request.levels}};
  if (request.from == SampleFrom::mixture && options.type != ModelType::vae)
    throw UsageError("--from mixture: {} is a GAN, which has no latent values of training cells", name);
  Context context = context_of(run);
  const Preprocessing& fitted = run.preprocessing();
  Prepared prepared;  // without cells, where none are needed
  prepared.data.x.cols = std::ssize(fitted.genes);
  prepared.data.raw.target_sum = fitted.normalization.target_sum;
  prepared.data.raw.log1p = fitted.normalization.log1p;
  const bool is_told = needs_table(options);  // conditions or groups of training cells, which are drawn
  if (is_told || needs_training_cells(options, key.from)) prepared = prepare_again(context, run, log);
  if (request.perturbation) key.chosen.parts = parts_of_label(*request.perturbation, prepared.data);
  const auto model = is_told ? load_conditioned(run, context, name, choice.weights, prepared, log)
                             : run.load(context, name, choice.weights, prepared.data);
  model->know_training_cells(prepared.split.train);
  try {
    AnnDataContent content;
    MadeCounts counts;
    const Matrix<float> generated = model->generate(0, request.cells, key, &counts);
    content.x = &generated;
    content.obs = generated_cells(*model, prepared, request.cells, key);
    add_counts(counts, content);
    content.var.names = fitted.genes;
    content.uns =
        provenance_uns(run.config_hash(), run.data_checksum(), static_cast<std::int64_t>(request.seed));
    write_anndata(output, content);
  } catch (const std::bad_alloc&) {
    throw no_room_for_cells("generate", request.cells, std::ssize(fitted.genes), "ask for fewer --cells");
  }
  log.info("generate: {} cells of {} in {}", request.cells, name, output);
}

void predict(const std::string& folder, const PredictRequest& request, const std::string& output,
             const ModelChoice& choice, Log& log) {
  const FinishedRun run(folder);
  check_output("predict", run, output);
  const ModelSet& models = run.experiment().model;
  const bool none_is_told = std::none_of(
      models.begin(), models.end(), [](const auto& model) { return model.second.is_told_perturbation(); });
  if (none_is_told) {
    throw UsageError(
        "predict: no model of {} is told perturbations (model.NAME.condition), so none predicts them",
        folder);
  }
  const std::string name =
      run.choose(choice, [](const ModelOptions& model) { return model.is_told_perturbation(); });
  Context context = context_of(run);
  const Prepared prepared = prepare_again(context, run, log);
  const auto model = load_conditioned(run, context, name, choice.weights, prepared, log);
  if (!model->predicts()) throw DataError("predict: {} has no training cells that are controls", folder);
  const std::vector<std::int32_t> cells = starting_cells(request, prepared);
  const ChosenConditions chosen{.parts = parts_of_label(request.perturbation, prepared.data), .levels = {}};
  const std::string label = name_of_parts(*chosen.parts);
  const std::uint64_t seed = request.seed.value_or(static_cast<std::uint64_t>(run.experiment().seed));
  MadeCounts counts;
  const Matrix<float> predicted = model->predict(cells, *chosen.parts, seed, &counts);
  if (run.options(name).of_counts() && !model->knows_dispersions(*chosen.parts)) {
    log.warn(
        "predict: no counts are drawn: no training cell has the perturbation {}, whose dispersions "
        "(model.{}.dispersion) "
        "cannot be known",
        label, name);
  }
  AnnDataContent content;
  content.x = &predicted;
  std::vector<std::string> taken_by, where;
  for (const auto& [column, value] : request.where) {
    taken_by.push_back(column);
    where.push_back(column + "=" + value);
  }
  content.obs = predicted_cells(*model, prepared, cells, chosen, taken_by);
  add_counts(counts, content);
  content.var.names = run.preprocessing().genes;
  content.uns = provenance_uns(run.config_hash(), prepared.data.checksum, static_cast<std::int64_t>(seed));
  content.uns.emplace_back("sparcell/controls", name_of(request.controls));
  if (!where.empty()) content.uns.emplace_back("sparcell/where", where);
  write_anndata(output, content);
  log.info("predict: {} controls ({} cells) as {} by {} in {}", cells.size(), name_of(request.controls),
           label, name, output);
}

}  // namespace sparcell
