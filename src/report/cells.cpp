#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "hdf5/file.h"
#include "report/columns.h"
#include "report/figures.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

// At most `wanted` of the rows, in their order; the same ones in every report of the same run.
std::vector<std::int64_t> drawn(const std::vector<std::int64_t>& rows, std::int64_t wanted) {
  std::vector<std::int64_t> chosen;
  std::mt19937_64 random(0);
  std::sample(rows.begin(), rows.end(), std::back_inserter(chosen), wanted, random);
  return chosen;
}

std::vector<std::int64_t> counted(std::int64_t rows) {
  std::vector<std::int64_t> all(rows);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// A coordinate in steps of about a ten-thousandth of its range: finer than a screen shows, and short as text.
Json coordinate(const Matrix<float>& points, const std::vector<std::int64_t>& rows, std::int64_t column) {
  float low = 0, high = 0;
  for (const std::int64_t row : rows) {
    low = std::min(low, points(row, column));
    high = std::max(high, points(row, column));
  }
  const double steps = high > low ? std::pow(10.0, 4 - std::ceil(std::log10(double{high} - double{low}))) : 1;
  Json values = Json::array();
  for (const std::int64_t row : rows) {
    const double value = std::round(points(row, column) * steps) / steps;
    values.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
  }
  return values;
}

// A column of obs as codes into its values: splits in the order in which they are used, others by name.
struct Labels {
  std::vector<std::string> names;
  std::vector<std::int64_t> codes;  ///< -1 where the cell has no label

  static int rank(const std::string& name) {
    return name == "train" ? 0 : name == "validation" ? 1 : name == "test" ? 2 : 3;
  }

  Labels(const Table& obs, const std::string& column) : codes(obs.rows(), -1) {
    const Column* found = obs.find(column);
    if (found == nullptr) return;
    const auto earlier = [](const std::string& a, const std::string& b) {
      return std::pair(rank(a), a) < std::pair(rank(b), b);
    };
    std::map<std::string, std::int64_t, decltype(earlier)> places(earlier);
    for (std::int64_t row = 0; row < obs.rows(); ++row) places[found->text(row)] = 0;
    places.erase("");
    for (auto& [name, place] : places) {
      place = static_cast<std::int64_t>(names.size());
      names.push_back(name);
    }
    for (std::int64_t row = 0; row < obs.rows(); ++row) {
      const std::string name = found->text(row);
      if (!name.empty()) codes[row] = places[name];
    }
  }
};

Json take(const std::vector<std::int64_t>& values, const std::vector<std::int64_t>& rows) {
  Json taken = Json::array();
  for (const std::int64_t row : rows) taken.push_back(values[row]);
  return taken;
}

// The first two columns of an obsm as a panel; null where the file does not hold it.
Json space(const std::string& path, const std::string& key, const std::string& title, const std::string& axis,
           const std::vector<std::int64_t>& rows, std::int64_t cells) {
  if (!hdf5::File::open(path).exists("obsm/" + key)) return nullptr;
  const Matrix<float> points = read_obsm(path, key);
  if (points.rows != cells) {
    throw DataError("{}: obsm/{} has {} rows for {} cells; the file is damaged.", path, key, points.rows,
                    cells);
  }
  if (points.cols < 2) return nullptr;
  return {{"name", key},
          {"title", title},
          {"axes", {axis + " 1", axis + " 2"}},
          {"x", coordinate(points, rows, 0)},
          {"y", coordinate(points, rows, 1)}};
}

}  // namespace

Json cell_scatter(const RunFolder& run, std::int64_t max_points) {
  const auto path = run.file("latent.h5ad");
  if (!path) return nullptr;
  const Table obs = read_obs(*path);
  const std::vector<std::int64_t> rows = drawn(counted(obs.rows()), max_points);
  const Labels perturbations(obs, "perturbation"), splits(obs, "split");
  Json spaces = Json::array();
  const auto add = [&](Json panel) {
    if (!panel.is_null()) spaces.push_back(std::move(panel));
  };
  add(space(*path, "X_pca", "Principal components", "PC", rows, obs.rows()));
  for (const std::string& model : run.models()) {
    add(space(*path, "X_" + model + "_pca2", "Latent space of " + model, "latent PC", rows, obs.rows()));
  }
  return {{"total", obs.rows()},
          {"perturbations", perturbations.names},
          {"splits", splits.names},
          {"perturbation", take(perturbations.codes, rows)},
          {"split", take(splits.codes, rows)},
          {"spaces", spaces}};
}

// {perturbation: {column: value}} from per_perturbation.csv.
Json perturbation_values(const RunFolder& run) {
  Json values = Json::object();
  const auto path = run.file("per_perturbation.csv");
  if (!path) return values;
  const CsvColumns csv(*path, {"perturbation", "cells"});
  const std::size_t label = csv.column("perturbation"), cells = csv.column("cells");
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    Json& entry = values[csv.text(row, label)] = Json::object();
    for (std::size_t c = 0; c < csv.names().size(); ++c) {
      if (c != label && c != cells) entry[csv.names()[c]] = rounded({csv.number(row, c)}, 4)[0];
    }
  }
  return values;
}

Json perturbation_counts(const RunFolder& run) {
  const auto path = run.file("latent.h5ad");
  if (!path) return nullptr;
  const Table obs = read_obs(*path);
  const Labels perturbations(obs, "perturbation"), splits(obs, "split");
  if (perturbations.names.empty()) return nullptr;
  std::vector<std::int64_t> cells(perturbations.names.size(), 0);
  std::vector<std::vector<std::int64_t>> of_split(splits.names.size(), cells);
  for (std::int64_t row = 0; row < obs.rows(); ++row) {
    const std::int64_t perturbation = perturbations.codes[row], split = splits.codes[row];
    if (perturbation < 0) continue;
    ++cells[perturbation];
    if (split >= 0) ++of_split[split][perturbation];
  }
  std::vector<std::int64_t> order = counted(static_cast<std::int64_t>(cells.size()));
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return cells[a] > cells[b]; });
  const Json values = perturbation_values(run);
  Json table = Json::array();
  for (const std::int64_t p : order) {
    Json entry{{"label", perturbations.names[p]}, {"cells", cells[p]}};
    for (std::size_t s = 0; s < splits.names.size(); ++s) entry[splits.names[s]] = of_split[s][p];
    if (values.contains(perturbations.names[p])) entry["values"] = values[perturbations.names[p]];
    table.push_back(entry);
  }
  return table;
}

Json generated_scatter(const RunFolder& run, std::int64_t max_points) {
  const auto latent = run.file("latent.h5ad");
  if (!latent || !hdf5::File::open(*latent).exists("obsm/X_pca")) return nullptr;
  std::vector<std::pair<std::string, Matrix<float>>> generated;
  for (const std::string& model : run.models()) {
    const auto path = run.file("generated_" + model + ".h5ad");
    if (!path || !hdf5::File::open(*path).exists("obsm/X_pca")) continue;
    Matrix<float> points = read_obsm(*path, "X_pca");
    if (points.rows > 0 && points.cols >= 2) generated.emplace_back(model, std::move(points));
  }
  const Matrix<float> real = read_obsm(*latent, "X_pca");
  if (generated.empty() || real.cols < 2) return nullptr;

  const Labels splits(read_obs(*latent), "split");
  std::vector<std::int64_t> test;
  for (std::int64_t row = 0; row < std::min<std::int64_t>(real.rows, splits.codes.size()); ++row) {
    if (splits.codes[row] >= 0 && splits.names[splits.codes[row]] == "test") test.push_back(row);
  }
  if (test.empty()) return nullptr;
  // As many points of each, or the denser cloud would look the wider one.
  std::int64_t each = std::min<std::int64_t>(max_points / 2, test.size());
  for (const auto& [model, points] : generated) each = std::min(each, points.rows);
  const std::vector<std::int64_t> rows = drawn(test, each);
  Json models = Json::array();
  for (const auto& [model, points] : generated) {
    const std::vector<std::int64_t> chosen = drawn(counted(points.rows), each);
    models.push_back({{"model", model},
                      {"total", points.rows},
                      {"x", coordinate(points, chosen, 0)},
                      {"y", coordinate(points, chosen, 1)}});
  }
  return {
      {"real", {{"total", test.size()}, {"x", coordinate(real, rows, 0)}, {"y", coordinate(real, rows, 1)}}},
      {"models", models}};
}

}  // namespace sparcell
