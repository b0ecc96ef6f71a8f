#include <algorithm>
#include <utility>

#include "hdf5/file.h"
#include "report/density.h"
#include "report/figures.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

constexpr std::int64_t grid_places = 64;

/// Cells in two principal components.
struct Plane {
  std::vector<float> x, y;

  Plane(const Matrix<float>& points, const std::vector<std::int64_t>& rows) {
    for (const std::int64_t row : rows) {
      x.push_back(points(row, 0));
      y.push_back(points(row, 1));
    }
  }
  std::int64_t cells() const { return std::ssize(x); }
};

std::vector<std::pair<std::string, Plane>> generated_cells_of(const RunFolder& run) {
  std::vector<std::pair<std::string, Plane>> generated;
  for (const std::string& model : run.models()) {
    const auto path = run.file("generated_" + model + ".h5ad");
    if (!path || !hdf5::File::open(*path).exists("obsm/X_pca")) continue;
    const Matrix<float> points = read_obsm(*path, "X_pca");
    if (points.rows > 0 && points.cols >= 2)
      generated.emplace_back(model, Plane(points, counted(points.rows)));
  }
  return generated;
}

Json shown(const Plane& cells, std::int64_t wanted, const PlaneGrid& grid, Arrays& arrays) {
  const std::vector<std::int64_t> rows = drawn(counted(cells.cells()), wanted);
  return {{"total", cells.cells()},
          {"x", arrays.places(taken(cells.x, rows))},
          {"y", arrays.places(taken(cells.y, rows))},
          {"inside", arrays.colours(mass_inside(grid, cells.x, cells.y))}};
}

}  // namespace

Json generated_scatter(const RunFolder& run, std::int64_t max_points, Arrays& arrays) {
  const auto latent = run.file("latent.h5ad");
  if (!latent || !hdf5::File::open(*latent).exists("obsm/X_pca")) return nullptr;
  const std::vector<std::pair<std::string, Plane>> generated = generated_cells_of(run);
  const Matrix<float> points = read_obsm(*latent, "X_pca");
  if (generated.empty() || points.cols < 2) return nullptr;
  const Labels splits(read_obs(*latent), "split");
  if (std::ssize(splits.codes) != points.rows) {
    throw DataError("{}: obsm/X_pca has {} rows for {} cells; the file is damaged.", *latent, points.rows,
                    splits.codes.size());
  }
  const Plane real(points, splits.cells("test"));
  if (real.cells() == 0) return nullptr;
  // As many points of each, or the denser cloud would look the wider one.
  std::int64_t each = std::min<std::int64_t>(max_points / 2, real.cells());
  std::vector<std::vector<float>> x{real.x}, y{real.y};
  for (const auto& [model, cells] : generated) {
    each = std::min(each, cells.cells());
    x.push_back(cells.x);
    y.push_back(cells.y);
  }
  const PlaneGrid grid = PlaneGrid::around(x, y, grid_places);
  Json models = Json::array();
  for (const auto& [model, cells] : generated) {
    Json entry = shown(cells, each, grid, arrays);
    entry["model"] = model;
    models.push_back(std::move(entry));
  }
  return {{"real", shown(real, each, grid, arrays)},
          {"models", models},
          {"grid", {{"x", rounded(grid.x, 5)}, {"y", rounded(grid.y, 5)}}}};
}

}  // namespace sparcell
