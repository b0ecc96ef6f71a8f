#include "cuda/plan.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace sparcell::cuda {
namespace {

using Json = nlohmann::ordered_json;

constexpr int plan_version = 1;
constexpr const char* version_key = "sparcell_product_plan";

/// cuBLASLt's scheme that adds partial sums where they meet, in the order in which they come.
constexpr std::int64_t reduction_in_place = 1;

constexpr std::int64_t any_32_bits = UINT32_MAX, any_16_bits = UINT16_MAX;

/// The keys of a product, each with the bounds of its value.
template <class Shape, class Visitor>
void visit_shape(Shape& shape, Visitor&& visit) {
  visit("transpose_a", shape.transpose_a, 0, 1);
  visit("transpose_b", shape.transpose_b, 0, 1);
  visit("m", shape.m, 1, INT64_MAX);
  visit("n", shape.n, 1, INT64_MAX);
  visit("k", shape.k, 1, INT64_MAX);
  visit("a_stride", shape.a_stride, 1, INT64_MAX);
  visit("b_stride", shape.b_stride, 1, INT64_MAX);
  visit("out_stride", shape.out_stride, 1, INT64_MAX);
  visit("a_alignment", shape.a_alignment, 4, 16);
  visit("b_alignment", shape.b_alignment, 4, 16);
  visit("out_alignment", shape.out_alignment, 4, 16);
}

template <class Choice, class Visitor>
void visit_algorithm(Choice& choice, Visitor&& visit) {
  visit("algorithm", choice.id, 0, INT32_MAX);
  visit("tile", choice.tile, 0, any_32_bits);
  visit("stages", choice.stages, 0, any_32_bits);
  visit("split_k", choice.split_k, 0, INT32_MAX);
  visit("reduction", choice.reduction, 0, any_32_bits);
  visit("swizzle", choice.swizzle, 0, any_32_bits);
  visit("custom", choice.custom, 0, any_32_bits);
  visit("inner_shape", choice.inner_shape, 0, any_16_bits);
  visit("cluster_shape", choice.cluster_shape, 0, any_16_bits);
}

/// Takes a product's keys out of its JSON object.
class ProductReader {
 public:
  explicit ProductReader(const Json& json) : json_(json) {
    if (!json.is_object()) throw UsageError("it is not a JSON object");
  }
  void operator()(const char* key, bool& value, std::int64_t, std::int64_t) {
    const Json& found = at(key);
    if (!found.is_boolean()) throw UsageError("{} is {}, expected true or false", key, found.dump());
    value = found;
  }
  void operator()(const char* key, std::int64_t& value, std::int64_t low, std::int64_t high) {
    const Json& found = at(key);
    if (!found.is_number_integer() || found < low || found > high)
      throw UsageError("{} is {}, expected a whole number from {} on", key, found.dump(), low);
    value = found;
  }
  void operator()(const char* key, double& value) {
    const Json& found = at(key);
    if (!found.is_number() || found <= 0) throw UsageError("{} is {}, expected a time", key, found.dump());
    value = found;
  }
  void end() const {
    if (json_.size() != taken_) throw UsageError("it has {} keys, expected {}", json_.size(), taken_);
  }

 private:
  const Json& at(const char* key) {
    ++taken_;
    const auto found = json_.find(key);
    if (found == json_.end()) throw UsageError("it has no key {}", key);
    return *found;
  }

  const Json& json_;
  std::size_t taken_ = 0;
};

PlannedProduct read_product(const Json& json) {
  PlannedProduct product;
  ProductReader read(json);
  visit_shape(product.shape, read);
  visit_algorithm(product.algorithm, read);
  read("microseconds", product.microseconds);
  read.end();
  if ((product.algorithm.reduction & reduction_in_place) != 0)
    throw UsageError("reduction {} adds in any order, so that equal runs differ",
                     product.algorithm.reduction);
  return product;
}

Json json_of(PlannedProduct product) {
  Json json;
  const auto write = [&](const char* key, auto value, std::int64_t, std::int64_t) { json[key] = value; };
  visit_shape(product.shape, write);
  visit_algorithm(product.algorithm, write);
  json["microseconds"] = std::round(1000 * product.microseconds) / 1000;
  return json;
}

std::string text_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) throw UsageError("it has no text '{}'", key);
  return *found;
}

Precision precision_at(const Json& json, const char* key) {
  const std::string word = text_at(json, key);
  const auto* const found =
      std::find(std::begin(Names<Precision>::values), std::end(Names<Precision>::values), word);
  if (found == std::end(Names<Precision>::values)) throw UsageError("its {} is '{}'", key, word);
  return static_cast<Precision>(found - std::begin(Names<Precision>::values));
}

ProductPlan parse(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains(version_key))
    throw UsageError("it is not JSON with a key {}", version_key);
  if (json[version_key] != plan_version) {
    throw UsageError("it has version {} of the format, this program reads version {}",
                     json[version_key].dump(), plan_version);
  }
  ProductPlan plan{text_at(json, "device"), text_at(json, "library"), precision_at(json, "precision"), {}};
  const auto products = json.find("products");
  if (products == json.end() || !products->is_array()) throw UsageError("it has no list 'products'");
  std::set<ProductShape> shapes;
  for (const Json& product : *products) {
    try {
      plan.products.push_back(read_product(product));
    } catch (const UsageError& wrong) {
      throw UsageError("its product {}: {}", plan.products.size() + 1, wrong.what());
    }
    if (!shapes.insert(plan.products.back().shape).second)
      throw UsageError("its product {} stands there twice", plan.products.size());
  }
  return plan;
}

}  // namespace

ProductPlan read_plan(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError("products.plan: {} cannot be read; sparcell tune writes plans", path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  try {
    return parse(text);
  } catch (const UsageError& wrong) {
    throw UsageError("products.plan: {} is damaged: {}; write it again with sparcell tune", path,
                     wrong.what());
  }
}

std::string text_of(const ProductPlan& plan) {
  const Json head{{version_key, plan_version},
                  {"device", plan.device},
                  {"library", plan.library},
                  {"precision", name_of(plan.precision)}};
  std::string text = "{\n";
  for (const auto& [key, value] : head.items())
    text += fmt::format("  {}: {},\n", Json(key).dump(), value.dump());
  text += "  \"products\": [";
  const char* between = "\n    ";
  for (const PlannedProduct& product : plan.products) {
    text += between + json_of(product).dump();
    between = ",\n    ";
  }
  return text + "\n  ]\n}\n";
}

}  // namespace sparcell::cuda
