#include "report/early_stops.h"

#include <fmt/format.h>

namespace sparcell {
namespace {

bool is_integer(const Json& model, const char* key) {
  return model.contains(key) && model[key].is_number_integer();
}

}  // namespace

std::vector<std::string> early_stops(const Json& result) {
  std::vector<std::string> sentences;
  if (!result.contains("models")) return sentences;
  for (const auto& [name, model] : result["models"].items()) {
    if (model.value("stopped_early", Json()) != true || !is_integer(model, "epochs") ||
        !is_integer(model, "best_epoch"))
      continue;
    const char* what = model.value("monitor", Json()) == "energy_distance"
                           ? "the distance of its cells to validation cells was smallest"
                           : "its validation loss was lowest";
    sentences.push_back(fmt::format("{} stopped early, after {} epochs; {} after {} of them.", name,
                                    model["epochs"].get<std::int64_t>(), what,
                                    model["best_epoch"].get<std::int64_t>() + 1));
  }
  return sentences;
}

}  // namespace sparcell
