#include "experiment/schema.h"

#include "sparcell/config.h"
#include "sparcell/evaluate.h"

namespace sparcell {

nlohmann::ordered_json experiment_schema() {
  using Json = nlohmann::ordered_json;
  Json words = Json::array({{{"const", "all"}, {"description", "Every metric."}}});
  for (const MetricInfo& metric : metric_registry()) {
    words.push_back({{"const", metric.key},
                     {"title", metric.label},
                     {"description", fmt::format("{}: {}{}", metric.name, metric.definition,
                                                 metric.unit.empty() ? "" : " Unit: " + metric.unit + ".")}});
  }
  const Json word{{"oneOf", words}};
  Json schema = config_schema();
  schema["properties"]["evaluate"]["properties"]["metrics"]["anyOf"] =
      Json::array({word, {{"type", "array"}, {"items", word}}});
  return schema;
}

}  // namespace sparcell
