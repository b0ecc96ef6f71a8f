#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "report/columns.h"
#include "report/figures.h"

namespace sparcell {
namespace {

// A curve on a screen has no more points to show; longer ones are thinned evenly, with the last point kept.
constexpr std::size_t max_curve_points = 1500;

struct Curve {
  std::string name, split;
  std::vector<double> epoch, step, value;

  // Several values within an epoch can only be told apart by their step.
  bool by_step() const {
    for (std::size_t i = 1; i < epoch.size(); ++i) {
      if (epoch[i] == epoch[i - 1]) return true;
    }
    return false;
  }
};

Json thinned(const std::vector<double>& values) {
  const std::size_t stride = (values.size() + max_curve_points - 1) / max_curve_points;
  std::vector<double> kept;
  for (std::size_t i = 0; i < values.size(); i += std::max<std::size_t>(stride, 1)) kept.push_back(values[i]);
  if (stride > 1 && (values.size() - 1) % stride != 0) kept.push_back(values.back());
  return rounded(kept, 6);
}

}  // namespace

Json training_curves(const RunFolder& run) {
  const auto path = run.file("metrics.csv");
  if (!path) return nullptr;
  const CsvColumns csv(*path, {"epoch", "step", "model", "split", "name", "value"});
  const std::size_t epoch = csv.column("epoch"), step = csv.column("step"), model = csv.column("model");
  const std::size_t split = csv.column("split"), name = csv.column("name"), value = csv.column("value");
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> places;
  std::vector<std::pair<std::string, Curve>> curves;  // in the order of the file
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    const std::string &owner = csv.text(row, model), &quantity = csv.text(row, name),
                      &cells = csv.text(row, split);
    const auto [place, added] = places.try_emplace({owner, quantity, cells}, curves.size());
    if (added) curves.push_back({owner, {quantity, cells, {}, {}, {}}});
    Curve& curve = curves[place->second].second;
    curve.epoch.push_back(csv.number(row, epoch));
    curve.step.push_back(csv.number(row, step));
    curve.value.push_back(csv.number(row, value));
  }
  Json models = Json::object();
  for (const auto& [owner, curve] : curves) {
    const bool by_step = curve.by_step();
    models[owner].push_back({{"name", curve.name},
                             {"split", curve.split},
                             {"axis", by_step ? "step" : "epoch"},
                             {"x", thinned(by_step ? curve.step : curve.epoch)},
                             {"y", thinned(curve.value)}});
  }
  return models;
}

Json rounded(const std::vector<double>& values, int digits) {
  Json list = Json::array();
  for (const double value : values) {
    if (!std::isfinite(value)) {
      list.push_back(nullptr);
    } else if (value == std::floor(value) && std::abs(value) < 1e15) {
      list.push_back(static_cast<std::int64_t>(value));
    } else {
      const double scale = std::pow(10.0, digits - 1 - std::floor(std::log10(std::abs(value))));
      const double kept = std::round(value * scale) / scale;
      list.push_back(std::isfinite(kept) ? kept : value);
    }
  }
  return list;
}

}  // namespace sparcell
