#include "sweep/comparable.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace sparcell {
namespace {

constexpr std::string_view sections_of_data[] = {"read", "filter", "split", "normalize", "select"};

bool is_of_data(const std::string& key) {
  return key != "split.seed" &&
         std::any_of(std::begin(sections_of_data), std::end(sections_of_data), [&](std::string_view section) {
           return key.starts_with(section) && key.substr(section.size()).starts_with('.');
         });
}

/// Log-likelihoods compare within values and within counts; squared errors are no likelihood.
std::string kind_of(LikelihoodType likelihood) {
  const bool counts = likelihood == LikelihoodType::nb || likelihood == LikelihoodType::zinb;
  return counts ? "counts" : std::string(name_of(likelihood));
}

using Values = std::vector<std::pair<std::string, std::string>>;

/// What the losses of a model are made of, beside what it learned.
Values parts_of_loss(const ModelOptions& model, const std::string& part, bool halving) {
  const auto text = [](const auto& value) { return fmt::format("{}", value); };
  Values values{{"type", std::string(name_of(model.type))}};
  const auto add = [&](const char* key, const std::string& value) { values.emplace_back(key, value); };
  if (model.type == ModelType::gan) {
    const GanOptions& gan = model.gan;
    add("loss", std::string(name_of(gan.loss)));
    add("label_smoothing", text(gan.label_smoothing));
    add("gradient_penalty.weight", text(gan.gradient_penalty.weight));
    add("gradient_penalty.target", text(gan.gradient_penalty.target));
    add("gradient_penalty.on", std::string(name_of(gan.gradient_penalty.on)));
    add("sparsity.term", std::string(name_of(gan.sparsity.term)));
    add("sparsity.weight", text(gan.sparsity.weight));
    return values;
  }
  add("reduction", std::string(name_of(model.reconstruction_reduction)));
  if (part == "train") add("input.mix", text(model.input.mix));
  if (model.type != ModelType::vae) return values;
  add("likelihood", kind_of(model.likelihood));
  add("kl.weight", text(model.kl.weight));
  add("kl.reduction", std::string(name_of(model.kl.reduction)));
  if (part == "train") add("kl.free_bits", text(model.kl.free_bits));
  if (halving) {  // the weight that a rung's epoch has
    add("kl.warmup", text(model.kl.warmup));
    add("kl.warmup_unit", std::string(name_of(model.kl.warmup_unit)));
  }
  return values;
}

/// What the metric depends on in the model's options, beside how well it does.
Values parts_of_metric(const ModelOptions& model, const std::string& metric, bool halving) {
  if (metric.starts_with("loss.")) return parts_of_loss(model, metric.substr(5), halving);
  const std::string key = metric.substr(metric.rfind('.') + 1);
  const bool of_likelihood = key == "iwelbo" || key.starts_with("elbo");
  if (model.type == ModelType::vae && of_likelihood) return {{"likelihood", kind_of(model.likelihood)}};
  if (model.type == ModelType::vae && key == "kl")
    return {{"kl.reduction", std::string(name_of(model.kl.reduction))}};
  return {};
}

std::string listed(const std::vector<std::string>& keys) { return fmt::format("{}", fmt::join(keys, ", ")); }

}  // namespace

Comparable::Comparable(const Experiment& reference, const Metric& metric, bool halving)
    : metric_(metric), model_(metric.name.substr(0, metric.name.find('.'))), halving_(halving) {
  for (const auto& [name, options] : reference.model) {
    if (name == model_) type_ = options.type;
  }
}

void Comparable::add(const Experiment& run, const std::vector<std::string>& overrides) {
  ++runs_;
  for (const std::string& text : overrides) {
    const std::string key = text.substr(text.starts_with('~') ? 1 : 0, text.find('='));
    if (is_of_data(key)) note(key, text);
  }
  for (const auto& [name, options] : run.model) {
    if (name != model_) continue;
    for (const auto& [key, value] :
         parts_of_metric(options, metric_.name.substr(model_.size() + 1), halving_))
      note(fmt::format("model.{}.{}", model_, key), value);
  }
}

/// Runs without an override are as the reference.
std::vector<std::string> Comparable::keys_of_data() const {
  std::vector<std::string> keys;
  for (const auto& [key, values] : values_) {
    if (is_of_data(key) && (values.size() > 1 || values.begin()->second < runs_)) keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> Comparable::keys_of_metric() const {
  std::vector<std::string> keys;
  for (const auto& [key, values] : values_) {
    if (!is_of_data(key) && values.size() > 1) keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> Comparable::warnings(bool chosen) const {
  std::vector<std::string> sentences;
  const std::vector<std::string> of_metric = keys_of_metric(), of_data = keys_of_data();
  if (!of_metric.empty() && !chosen) {
    const std::string others =
        halving_
            ? fmt::format(
                  "take method grid or random with sweep.metric.name={0}.validation.mse, or name "
                  "{1} to halve by it all the same",
                  model_, metric_.name)
            : fmt::format(
                  "set sweep.metric.name, as {0}.validation.mse{2}, or {1} to rank by it all the "
                  "same",
                  model_, metric_.name,
                  type_ == ModelType::vae ? fmt::format(" or {}.validation.energy_distance", model_) : "");
    throw UsageError("sweep.metric.name: the default, {}, is another quantity for each value of {}; {}",
                     metric_.name, listed(of_metric), others);
  }
  if (!of_metric.empty()) {
    sentences.push_back(
        fmt::format("sweep.metric.name: {} is another quantity for each value of {}, so it "
                    "does not say which of them is better",
                    metric_.name, listed(of_metric)));
  }
  if (!of_data.empty()) {
    sentences.push_back(
        fmt::format("the runs differ in {}: metrics are of other cells, genes or values in "
                    "each, and compare only with the baselines of the same run",
                    listed(of_data)));
  }
  return sentences;
}

}  // namespace sparcell
