// What can be asked of a finished run.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/log.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// Which model of a run, with which weights.
struct ModelChoice {
  std::string model;               ///< empty: the run's only model (that can do what is asked)
  std::optional<Weights> weights;  ///< not given: those that the run's evaluation judged
};

/// What `embed` is asked for.
struct EmbedRequest {
  bool fill_missing = false;  ///< zeros for genes that the file lacks
  bool reconstruct = false;   ///< also what the model makes of the cells
};

/// Writes the file's own annotations with `obsm/X_<model>`: latent values of its cells. Where asked, also X,
/// the cells as the models see them (selected genes, normalized), and `layers/reconstructed_<model>`, what
/// the model makes of each from its latent mean. Throws DataError where the file lacks genes, UsageError
/// where the run is not finished and where the choice of a model is needed or impossible.
void embed(const std::string& run, const std::string& input, const std::string& output,
           const ModelChoice& choice, const EmbedRequest& request, Log& log);

/// What `generate` is asked for.
struct GenerateRequest {
  std::int64_t cells = 0;
  std::uint64_t seed = 0;
  std::optional<SampleFrom> from;  ///< of latent values; not given: as the run's model says
  /// A, A+B, or a label of the data; not given, as the levels of other columns that are not: those of
  /// training cells that are drawn.
  std::optional<std::string> perturbation;
  std::vector<std::pair<std::string, std::string>> levels;  ///< obs columns and their values
};

/// Writes generated cells with `obs/source`, the conditions that each was made under and, of a model of
/// counts, layers/counts (made_cells.h). What needs training cells (a mixture, observed library sizes,
/// conditions) reads the run's data file again. Throws UsageError for conditions that the model is not told,
/// DataError for such as it cannot know.
void generate(const std::string& run, const GenerateRequest& request, const std::string& output,
              const ModelChoice& choice, Log& log);

/// Controls of which part of the run's split.
enum class ControlCells { train, validation, test, all };
template <>
struct Names<ControlCells> {
  static constexpr std::string_view values[] = {"train", "validation", "test", "all"};
};

/// What `predict` is asked for.
struct PredictRequest {
  std::string perturbation;  ///< A, A+B, or a label of the data
  ControlCells controls = ControlCells::train;
  std::vector<std::pair<std::string, std::string>>
      where{};                          ///< obs columns and the values that controls must have
  std::optional<std::uint64_t> seed{};  ///< of what is drawn; not given: the run's
};

/// Writes controls as the model predicts them with the perturbation, with annotations that say what each was
/// made under and of which control (made_cells.h), and of a model of counts layers/counts, drawn. Throws
/// UsageError for a model that is told no perturbation, DataError for a gene that it cannot know, and where
/// no control is as asked for. The run's data file must still be there.
void predict(const std::string& run, const PredictRequest& request, const std::string& output,
             const ModelChoice& choice, Log& log);

/// Judges the run's models again: on its own test cells, or on all cells of another file (training cells stay
/// the run's), by perturbation where that has the run's column of labels. Returns the result as JSON text.
/// The run's data file must still be there.
std::string evaluate_run(const std::string& run, const std::string& input, std::optional<Weights> weights,
                         bool fill_missing, Log& log);

}  // namespace sparcell
