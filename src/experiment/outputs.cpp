#include "experiment/outputs.h"

#include "core/first_integers.h"
#include "core/version.h"
#include "core/whole_file.h"
#include "experiment/made_cells.h"
#include "sparcell/config.h"

namespace sparcell {
namespace {

constexpr int fast_compression = 1;

/// A dense matrix as compressed rows, for the solver of principal components.
Csr<float> as_csr(const Matrix<float>& dense) {
  Csr<float> csr;
  csr.rows = dense.rows;
  csr.cols = dense.cols;
  csr.values = large_array(dense.values);
  csr.indices.resize(dense.values.size());
  for (std::size_t i = 0; i < csr.indices.size(); ++i)
    csr.indices[i] = static_cast<std::int32_t>(i % dense.cols);
  for (std::int64_t r = 1; r <= dense.rows; ++r) csr.offsets.push_back(r * dense.cols);
  return csr;
}

/// A latent space's first two principal components (of training cells), for the report's scatter.
Matrix<float> two_components(Context& context, const Matrix<float>& latent, const Split& split, Log& log) {
  if (latent.cols <= 2) return latent;
  const PrincipalComponents pca = fit_pca(context, as_csr(latent), split.train, 2, log);
  return pca.transform(context, latent.view());
}

/// What the encoder was told of every cell, and the genes that are perturbed together in it.
Matrix<float> told_conditions(const ConditionTable& conditions) {
  const Csr<float>& rows = conditions.of_cells();
  Matrix<float> dense(rows.rows, rows.cols);
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    for (std::int64_t k = rows.offsets[r]; k < rows.offsets[r + 1]; ++k)
      dense(r, rows.indices[k]) = rows.values[k];
  }
  return dense;
}

void write_latent(Context& context, const RunPaths& paths, const RunRecord& record, const Prepared& prepared,
                  const std::vector<std::unique_ptr<TrainedModel>>& models, const Evaluation& evaluation,
                  Log& log) {
  const std::vector<std::int32_t> cells = first_integers(prepared.data.cell_count());
  AnnDataContent content;
  content.x = &prepared.data.x;
  content.obs = annotated_cells(prepared);
  content.var = prepared.data.genes;
  content.compression = fast_compression;
  for (const auto& model : models) {
    if (model->options().type == ModelType::gan) continue;
    Matrix<float> latent = model->encode(cells);
    Matrix<float> plane = two_components(context, latent, prepared.split, log);
    content.obsm.emplace_back("X_" + model->name(), std::move(latent));
    content.obsm.emplace_back("X_" + model->name() + "_pca2", std::move(plane));
    if (model->options().conditioning.encoder)
      content.obsm.emplace_back("conditions_" + model->name(), told_conditions(model->conditions()));
  }
  content.obsm.emplace_back("X_pca", evaluation.pca.transform(context, prepared.data.x, cells));
  content.uns = provenance_uns(record.config_hash, prepared.data.checksum, record.experiment->seed);
  write_anndata(paths.file("latent.h5ad"), content);
}

void write_generated(Context& context, const RunPaths& paths, const RunRecord& record,
                     const Prepared& prepared, TrainedModel& model, const Evaluation& evaluation) {
  const auto count = static_cast<std::int64_t>(prepared.split.test.size());
  const SampleKey key{static_cast<std::uint64_t>(record.experiment->seed), model.options().sample.from};
  MadeCounts counts;
  const Matrix<float> generated = model.generate(0, count, key, &counts);
  AnnDataContent content;
  content.x = &generated;
  content.obs = generated_cells(model, prepared, count, key);
  add_counts(counts, content);
  content.var.names = prepared.data.genes.names;
  content.compression = fast_compression;
  content.obsm.emplace_back("X_pca", evaluation.pca.transform(context, generated.view()));
  content.uns = provenance_uns(record.config_hash, prepared.data.checksum, record.experiment->seed);
  write_anndata(paths.generated(model.name()), content);
}

}  // namespace

std::vector<std::pair<std::string, AnnDataValue>> provenance_uns(const std::string& hash,
                                                                 const std::string& checksum,
                                                                 std::int64_t seed) {
  return {{"sparcell/version", std::string(version)},
          {"sparcell/config_hash", hash},
          {"sparcell/data_checksum", checksum},
          {"sparcell/seed", seed}};
}

void write_config(const RunPaths& paths, const Experiment& experiment,
                  const std::vector<std::string>& overrides) {
  std::string list;
  for (const std::string& override_text : overrides)
    list += "- " + nlohmann::json(override_text).dump() + "\n";
  write_file(paths.file("overrides.yaml"), list.empty() ? "[]\n" : list);
  write_file(paths.file("config.yaml"), resolved_yaml(experiment));
}

void write_inputs(const RunPaths& paths, const Prepared& prepared) {
  write_split(paths.file("split.csv"), prepared.data, prepared.split);
  write_genes(paths.file("genes.csv"), prepared.before, prepared.selection);
  write_preprocessing(paths.preprocessing(), prepared.fitted);
}

void write_outputs(Context& context, const RunPaths& paths, const RunRecord& record, const Prepared& prepared,
                   const std::vector<std::unique_ptr<TrainedModel>>& models, const Evaluation& evaluation,
                   Log& log) {
  write_per_gene(paths.file("per_gene.csv"), prepared.data, evaluation);
  if (!evaluation.per_perturbation.names.empty())
    write_per_perturbation(paths.file("per_perturbation.csv"), evaluation);
  write_latent(context, paths, record, prepared, models, evaluation, log);
  for (const auto& model : models) {
    if (model->generates()) write_generated(context, paths, record, prepared, *model, evaluation);
  }
}

}  // namespace sparcell
