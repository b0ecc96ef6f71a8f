// The data files of a run.
#pragma once

#include <memory>
#include <vector>

#include "experiment/result.h"
#include "experiment/run_folder.h"
#include "experiment/trained_model.h"
#include "sparcell/anndata.h"

namespace sparcell {

/// config.yaml and overrides.yaml: what a run needs to be resumed.
void write_config(const RunPaths& paths, const Experiment& experiment,
                  const std::vector<std::string>& overrides);

/// split.csv, genes.csv and what preprocessing fitted: known before training.
void write_inputs(const RunPaths& paths, const Prepared& prepared);

/// latent.h5ad, generated_<model>.h5ad, per_gene.csv and, where perturbations are labelled,
/// per_perturbation.csv.
void write_outputs(Context& context, const RunPaths& paths, const RunRecord& record, const Prepared& prepared,
                   const std::vector<std::unique_ptr<TrainedModel>>& models, const Evaluation& evaluation,
                   Log& log);

/// What `uns` of every written file says of where it comes from: version, config hash, data checksum, seed.
std::vector<std::pair<std::string, AnnDataValue>> provenance_uns(const std::string& hash,
                                                                 const std::string& checksum,
                                                                 std::int64_t seed);

}  // namespace sparcell
