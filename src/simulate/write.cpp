#include "anndata/name.h"
#include "sparcell/anndata.h"
#include "sparcell/simulate.h"

namespace sparcell {

void simulate(const std::string& path, const SimulateOptions& options, Log& log) {
  check_anndata_name(path);
  Simulation simulation = simulate(options);
  const std::int64_t nonzeros = simulation.counts.nonzeros();
  AnnDataContent content;
  content.x = &simulation.counts;
  content.integer_x = true;
  content.obs = std::move(simulation.cells);
  content.var = std::move(simulation.genes);
  content.obsm.emplace_back("activity", std::move(simulation.activity));
  content.varm.emplace_back("loadings", std::move(simulation.loadings));
  content.uns.emplace_back("simulation/seed", options.seed);
  content.uns.emplace_back("simulation/controls", options.controls);
  content.uns.emplace_back("simulation/density", options.density);
  if (!simulation.perturbations.empty()) {
    content.varm.emplace_back("effects", std::move(simulation.effects));
    content.uns.emplace_back("simulation/effects_perturbations", std::move(simulation.perturbations));
    content.uns.emplace_back("simulation/effects_epistasis", std::move(simulation.epistasis));
  }
  write_anndata(path, content);
  log.info("{}: {} cells x {} genes, {:.1f} % not zero, {} single and {} double perturbations", path,
           options.cells, options.genes,
           100.0 * static_cast<double>(nonzeros) / static_cast<double>(options.cells * options.genes),
           options.perturbations, options.doubles);
}

}  // namespace sparcell
