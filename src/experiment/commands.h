// What can be asked of a finished run.
#pragma once

#include <optional>
#include <string>

#include "sparcell/core/log.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// Which model of a run, with which weights.
struct ModelChoice {
  std::string model;               ///< empty: the run's only model (that can do what is asked)
  std::optional<Weights> weights;  ///< not given: those that the run's evaluation judged
};

/// Writes the file's own annotations with `obsm/X_<model>`: latent values of its cells. Throws DataError
/// where the run is not finished or the file lacks genes, UsageError where the choice of a model is needed or
/// impossible.
void embed(const std::string& run, const std::string& input, const std::string& output,
           const ModelChoice& choice, bool fill_missing, Log& log);

/// Writes `cells` generated cells with `obs/source`; latent values `from` the prior or a mixture, where not
/// given as the run's model says. What needs training cells (a mixture, observed library sizes, conditions)
/// reads the run's data file again.
void generate(const std::string& run, const std::string& output, std::int64_t cells, std::uint64_t seed,
              std::optional<SampleFrom> from, const ModelChoice& choice, Log& log);

/// Writes the run's training controls as the model predicts them with the perturbation `label` (A, A+B), with
/// `obs/predicted_perturbation`. Throws UsageError for a model that is told no perturbation, DataError for a
/// gene that it cannot know. The run's data file must still be there.
void predict(const std::string& run, const std::string& label, const std::string& output,
             const ModelChoice& choice, Log& log);

/// Judges the run's models again: on its own test cells, or on all cells of another file (training cells stay
/// the run's). Returns the result as JSON text. The run's data file must still be there.
std::string evaluate_run(const std::string& run, const std::string& input, std::optional<Weights> weights,
                         bool fill_missing, Log& log);

}  // namespace sparcell
