#include "report/judged_weights.h"

#include <fmt/ranges.h>

#include <vector>

namespace sparcell {
namespace {

std::string after_epochs(const Json& model) {
  const Json best = model.value("best_epoch", Json()), all = model.value("epochs", Json());
  if (!best.is_number_integer() || !all.is_number_integer()) return "";
  return fmt::format(" (after {} of {} epochs)", best.get<std::int64_t>() + 1, all.get<std::int64_t>());
}

}  // namespace

std::string judged_weights(const Json& result) {
  std::vector<std::string> best, last;
  if (result.contains("models")) {
    for (const auto& [name, model] : result["models"].items()) {
      const Json weights = model.value("weights", Json());
      if (weights == "best") best.push_back(name + after_epochs(model));
      if (weights == "last") last.push_back(name);
    }
  }
  if (best.empty()) return last.empty() ? "" : "Judged are the last weights of every model.";
  return fmt::format("Judged are the best weights of {}{}.", fmt::join(best, ", "),
                     last.empty() ? "" : fmt::format("; the last of {}", fmt::join(last, ", ")));
}

}  // namespace sparcell
