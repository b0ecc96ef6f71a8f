#include "experiment/commands.h"

#include <new>
#include <optional>

#include "core/first_integers.h"
#include "experiment/fitted_cells.h"
#include "experiment/made_cells.h"
#include "experiment/other_cells.h"
#include "experiment/outputs.h"
#include "experiment/result.h"
#include "experiment/run_again.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

/// From latent means, in the models' space.
Matrix<float> reconstructed(TrainedModel& model, const std::vector<std::int32_t>& cells, std::int64_t genes) {
  try {
    return model.reconstruct(cells, false);
  } catch (const std::bad_alloc&) {
    throw no_room_for_cells("embed", std::ssize(cells), genes, "embed fewer cells at a time");
  }
}

bool needs_labels(const ModelOptions& options) {
  return options.is_told_perturbation() || options.by_perturbation();
}

bool needs_conditions(const ModelOptions& options, const EmbedRequest& request) {
  return options.conditioning.encoder || (request.reconstruct && !options.condition.empty());
}

/// A model with the cells of another file, with their own conditions, in the place of the run's test cells.
std::unique_ptr<TrainedModel> load_told(const FinishedRun& run, Context& context, const std::string& name,
                                        std::optional<Weights> weights, const Dataset& cells,
                                        Prepared& prepared, Log& log) {
  const ModelOptions& options = run.options(name);
  const std::string seen = seen_cells_hash(prepared);
  if (!needs_labels(options)) prepared.data.perturbations = {};
  replace_test_cells(run, cells, {{name, options}}, "embed", prepared, log);
  return run.load(context, name, weights, prepared.data,
                  ConditionTable(context, name, options, prepared, log, Leaks::allowed), seen);
}

}  // namespace

void embed(const std::string& folder, const std::string& input, const std::string& output,
           const ModelChoice& choice, const EmbedRequest& request, Log& log) {
  const FinishedRun run(folder);
  check_output("embed", run, output, input);
  const std::string name = run.choose(choice, {ModelType::autoencoder, ModelType::vae});
  Context context = context_of(run);
  const Dataset data =
      bring_into_space(context, options_for(run, input), run.preprocessing(), request.fill_missing, log);
  const bool told = needs_conditions(run.options(name), request);
  Prepared beside;  // the run's own cells, which conditions are fitted on
  if (told) beside = prepare_again(context, run, log);
  const auto model = told ? load_told(run, context, name, choice.weights, data, beside, log)
                          : run.load(context, name, choice.weights, data);
  const std::vector<std::int32_t> cells = told ? beside.split.test : first_integers(data.cell_count());
  AnnDataContent content;
  Matrix<float> reconstruction;
  content.obs = data.cells;
  content.obsm.emplace_back("X_" + name, model->encode(cells));
  if (request.reconstruct) {
    reconstruction = reconstructed(*model, cells, data.x.cols);
    content.x = &data.x;
    content.var.names = run.preprocessing().genes;
    content.layers.emplace_back("reconstructed_" + name, &reconstruction);
  }
  content.uns = provenance_uns(run.config_hash(), data.checksum, run.experiment().seed);
  write_anndata(output, content);
  log.info("embed: {} cells in obsm/X_{}{} of {}", data.cell_count(), name,
           request.reconstruct ? " and layers/reconstructed_" + name : "", output);
}

std::string evaluate_run(const std::string& folder, const std::string& input, std::optional<Weights> weights,
                         bool fill_missing, Log& log) {
  const FinishedRun run(folder);
  Context context = context_of(run);
  const Experiment& experiment = run.experiment();
  std::optional<Dataset> other;  // first: it may not be there, or not fit
  if (!input.empty())
    other = bring_into_space(context, options_for(run, input), run.preprocessing(), fill_missing, log);
  Prepared prepared = prepare_again(context, run, log);
  const std::vector<Fit> fits = fits_of(experiment, prepared);  // on cells of the run's own file
  const std::string seen = seen_cells_hash(prepared);
  if (other) replace_test_cells(run, *other, experiment.model, "evaluate", prepared, log);
  std::vector<ConditionTable> conditions = condition_tables(context, experiment.model, prepared, log);
  std::vector<std::unique_ptr<TrainedModel>> models;
  std::vector<JudgedModel> judged;
  std::vector<std::pair<std::string, Weights>> judged_weights;
  for (const auto& [name, options] : experiment.model) {
    // A GAN has best weights only where the run was to choose some.
    const bool last = options.type == ModelType::gan && !run.has_best(name);
    if (last && weights == Weights::best)
      log.warn("evaluate: {} has no best weights (its training was not monitored); its last are judged",
               name);
    const std::optional<Weights> asked = last ? Weights::last : weights;
    judged_weights.emplace_back(name, run.meant(name, asked));
    models.push_back(
        run.load(context, name, asked, prepared.data, std::move(conditions[models.size()]), seen));
    models.back()->know_training_cells(prepared.split.train);
    judged.push_back(models.back()->judged());
  }
  const Evaluation evaluation = evaluate(context, prepared.data, prepared.split, judged, evaluate_options(experiment),
                                         static_cast<std::uint64_t>(experiment.seed), log, fits);
  return evaluation_json(evaluation, prepared, judged_weights).dump(2);
}

}  // namespace sparcell
