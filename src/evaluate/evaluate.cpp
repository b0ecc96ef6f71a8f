#include "sparcell/evaluate.h"

#include "evaluate/judge.h"
#include "evaluate/leakage.h"

namespace sparcell {

void check_fits(const Dataset& data, const Split& split, const std::vector<Fit>& fits) {
  Log silent([](Log::Level, const std::string&) {});
  check_leakage(data, split.test, fits, silent);
}

Evaluation evaluate(Context& context, const Dataset& data, const Split& split,
                    const std::vector<JudgedModel>& models, const EvaluateOptions& options,
                    std::uint64_t seed, Log& log, const std::vector<Fit>& fits) {
  check_metrics(options);
  if (split.test.empty()) throw DataError("evaluate: the split has no test cells");
  std::vector<Fit> all = fits;
  all.push_back({"baselines", split.train});
  if (Judge::shrinks(data, split)) {
    all.push_back({"pca_shrunk", split.train});
    all.back().cells.insert(all.back().cells.end(), split.validation.begin(), split.validation.end());
  }
  if (options.components_of == ComponentsOf::validation) {
    if (split.validation.size() < 2) {
      throw DataError(
          "evaluate.components_of validation: principal components need two validation cells, there are {}",
          split.validation.size());
    }
    all.push_back({"components", split.validation});
  }
  std::vector<FitRecord> records = check_leakage(data, split.test, all, log);
  warn_of_repeated_cells(data, split.test, log);
  Evaluation evaluation = Judge(context, data, split, models, options, seed, log).run();
  evaluation.fits = std::move(records);
  return evaluation;
}

}  // namespace sparcell
