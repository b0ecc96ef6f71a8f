// A run's folder as a run leaves it, with contents that a test chooses.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/whole_file.h"
#include "evaluate/held_out.h"
#include "report/run_folder.h"
#include "sparcell/anndata.h"
#include "sparcell/core/errors.h"

namespace sparcell {

struct RunSample {
  std::string name = "sample";
  std::vector<std::pair<std::string, std::string>> models{
      {"ae", "autoencoder"}, {"vae", "vae"}, {"gan", "gan"}};  ///< name and type
  std::int64_t cells = 60, perturbations = 4, genes = 12, epochs = 5;
  std::string perturbation = "P";  ///< what their names, and those of genes, begin with
  std::string gene = "G";
  bool expression = false;   ///< whether cells have an X
  bool stops_early = false;  ///< the first model
  bool nothing_differs = false;  ///< no cell tells models from PCA
  bool predictions = false;  ///< of unseen perturbations: 9 by the first model and a baseline, 4 by another
  bool more_metrics = false;  ///< of those predictions, which are told of each perturbation too

  static bool generates(const std::string& type) { return type != "autoencoder"; }
  static bool reconstructs(const std::string& type) { return type != "gan"; }
};

/// The coordinate of a cell (or generated cell) in a space: any numbers that differ.
inline float coordinate_of(std::int64_t cell, std::int64_t column, int space) {
  return static_cast<float>(std::sin(0.7 * cell + 2.1 * column + space) * (3 + column) + 0.01 * space);
}

/// Log-normalized expression: a number of each cell times one of each gene, which falls for odd genes; gene 0
/// is constant. Generated cells (space above 0) are cells of other numbers.
inline float expression_of(std::int64_t cell, std::int64_t gene, int space) {
  const double own = 1 + std::sin(1.3 * static_cast<double>(cell) + space);  // 0 to 2
  if (gene == 0) return 0.5f;
  return static_cast<float>((gene % 2 == 1 ? 2 - own : own) * static_cast<double>(gene % 13) / 12);
}

inline Matrix<float> expression(const RunSample& run, std::int64_t cells, int space) {
  Matrix<float> x(cells, run.genes);
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    for (std::int64_t g = 0; g < run.genes; ++g) x(cell, g) = expression_of(cell, g, space);
  }
  return x;
}

inline Csr<float> compressed(const Matrix<float>& dense) {
  Csr<float> csr;
  csr.rows = dense.rows;
  csr.cols = dense.cols;
  for (std::int64_t r = 0; r < dense.rows; ++r) {
    for (std::int64_t c = 0; c < dense.cols; ++c) {
      if (dense(r, c) == 0) continue;
      csr.indices.push_back(static_cast<std::int32_t>(c));
      csr.values.push_back(dense(r, c));
    }
    csr.offsets.push_back(std::ssize(csr.values));
  }
  return csr;
}

inline std::vector<std::string> gene_names(const RunSample& run) {
  std::vector<std::string> names;
  for (std::int64_t g = 0; g < run.genes; ++g) names.push_back(fmt::format("{}{}", run.gene, g));
  return names;
}

/// A dozen of predictions: a share that one baseline lacks, and numbers that are of no direction.
inline void add_metrics(Json& result, const std::string& model) {
  Json& own = result["models"][model]["test"];
  Json& mean = result["baselines"]["control_mean"]["test"];
  Json& additive = result["baselines"]["additive"]["test"];
  const auto describe = [&](const std::string& key, const std::string& label, const char* better) {
    result["metric_info"].push_back(
        {{"key", key}, {"label", label}, {"group", "prediction_unseen"}, {"better", better}});
  };
  describe("unseen_perturbations", "unseen perturbations", "none");
  own["unseen_knn"] = 0.5;
  mean["unseen_knn"] = 0.25;
  describe("unseen_knn", "unseen kNN share", "larger");
  for (int i = 1; i <= 11; ++i) {
    const std::string key = fmt::format("unseen_more_{}", i);
    own[key] = i;
    mean[key] = i + 1;
    additive[key] = i + 2;
    describe(key, fmt::format("unseen more {}", i), "none");
  }
}

inline Json result_of(const RunSample& run) {
  Json result{{"schema", 1},
              {"name", run.name},
              {"config_hash", "0123456789ab"},
              {"seed", 7},
              {"device", "cpu"},
              {"threads", 2},
              {"warnings", {"The last batch holds few cells."}},
              {"data",
               {{"cells", run.cells},
                {"genes", run.genes},
                {"nonzeros", 301},
                {"train", run.cells / 2},
                {"validation", 0},
                {"test", run.cells - run.cells / 2},
                {"perturbations", run.perturbations}}},
              {"models", Json::object()},
              {"baselines", Json::object()},
              {"verdicts", Json::array()}};
  for (const auto& [name, type] : run.models) {
    Json test = Json::object();
    if (RunSample::reconstructs(type)) {
      test["mse"] = 0.0125;
      test["r2"] = -0.25;
      result["verdicts"].push_back({{"model", name},
                                    {"metric", "mse"},
                                    {"baseline", "pca"},
                                    {"difference", run.nothing_differs ? 0 : 0.0116},
                                    {"interval", run.nothing_differs ? Json{0, 0} : Json{0.0091, 0.0141}},
                                    {"beats", false}});
    }
    if (RunSample::generates(type)) {
      test["energy_distance"] = 0.184321;
      result["verdicts"].push_back({{"model", name},
                                    {"metric", "energy_distance"},
                                    {"baseline", "split_half"},
                                    {"difference", -0.05},
                                    {"interval", {-0.07, -0.03}},
                                    {"beats", true}});
    }
    result["models"][name] = {{"type", type},
                              {"parameters", 84000},
                              {"epochs", run.epochs},
                              {"best_epoch", 3},
                              {"stopped_early", run.stops_early && name == run.models[0].first},
                              {"loss", {{"train", 0.5}}},
                              {"test", test},
                              {"cost",
                               {{"train_seconds", 1.5},
                                {"steps", 100},
                                {"step_microseconds", 812.5},
                                {"cells_per_second", 98765.4},
                                {"phases", {{"forward", 0.9}, {"backward", 0.6}}},
                                {"phase_samples", 20}}}};
  }
  result["baselines"] = {{"gene_mean", {{"test", {{"mse", 0.0157}, {"r2", nullptr}}}}},
                         {"pca", {{"test", {{"mse", 0.000631}, {"r2", 0.9}}}}},
                         {"split_half", {{"test", {{"energy_distance", 0.002}}}}}};
  if (run.predictions) {
    const auto of = [](double l2, int perturbations) {
      return Json{{"unseen_perturbations", perturbations}, {"unseen_l2", l2}};
    };
    result["models"][run.models[0].first]["test"].update(of(2, 9));
    result["baselines"]["control_mean"]["test"] = of(3, 9);
    result["baselines"]["additive"]["test"] = of(1, 4);
  }
  result["metric_info"] = {{{"key", "mse"},
                            {"name", "mse_log1p_v1"},
                            {"definition", "Mean squared error."},
                            {"unit", "log1p²"},
                            {"better", "smaller"}}};
  if (run.predictions)
    result["metric_info"].push_back({{"key", "unseen_l2"},
                                     {"label", "unseen L2"},
                                     {"group", "prediction_unseen"},
                                     {"better", "smaller"}});
  if (run.more_metrics) add_metrics(result, run.models[0].first);
  if (run.perturbations % 2 == 0) {  // see write_cells: those of odd numbers are of test cells alone
    const std::int64_t test_cells = run.cells - run.cells / 2;
    result["held_out"] = {{"sentence", held_out_sentence({run.perturbations / 2, test_cells, test_cells})}};
  }
  result["stages"] = {{"read", 0.25}, {"train", 62.0}};
  result["peak_memory_bytes"] = 123456789;
  return result;
}

inline void write_curves(const std::string& path, const RunSample& run) {
  std::string text = "epoch,step,model,split,name,value\n";
  for (const auto& [model, type] : run.models) {
    const bool adversarial = type == "gan";
    for (std::int64_t epoch = 0; epoch < run.epochs; ++epoch) {
      for (const char* name : {"loss", "kl", "kl_weight", "learning_rate", "discriminator", "generator",
                               "penalty", "sigma_0", "gradient_norm"}) {
        const std::string key = name;
        const bool of_gan =
            key == "discriminator" || key == "generator" || key == "penalty" || key == "sigma_0";
        if (of_gan != adversarial && key != "learning_rate" && key != "gradient_norm") continue;
        if (key.starts_with("kl") && type != "vae") continue;
        text +=
            fmt::format("{},{},\"{}\",train,{},{}\n", epoch, 10 * epoch + 9, model, key, 1.0 / (epoch + 3));
      }
      if (!adversarial)
        text +=
            fmt::format("{},{},\"{}\",validation,loss,{}\n", epoch, 10 * epoch + 9, model, 1.5 / (epoch + 3));
    }
  }
  write_file(path, text);
}

/// Of the first model and two baselines, of which one predicts every second perturbation, and those better.
inline void write_perturbations(const std::string& path, const RunSample& run) {
  std::string text = "perturbation,cells";
  for (const std::string& name : {run.models[0].first, std::string("control_mean"), std::string("additive")})
    text += fmt::format(",{0}_predicted_l2,{0}_predicted_centroid_pearson", name);
  for (std::int64_t p = 1; p < run.perturbations; ++p) {
    text += fmt::format("\n{}{},9,{},{},3,0.25,", run.perturbation, p, p, 0.1 * p);
    text += p % 2 == 0 ? "1,0.75" : ",";
  }
  write_file(path, text + "\n");
}

/// A field of a CSV file.
inline std::string quoted(const std::string& text) {
  std::string field;
  for (const char c : text) field.append(c == '"' ? 2 : 1, c);
  return fmt::format("\"{}\"", field);
}

inline void write_genes(const std::string& path, const RunSample& run) {
  std::string header = "gene,mean_real,variance_real,zero_fraction_real", text;
  for (const auto& [model, type] : run.models) {
    if (RunSample::reconstructs(type)) header += fmt::format(",{0}_mse,{0}_r2", model);
    if (RunSample::generates(type)) header += fmt::format(",{0}_mean,{0}_variance,{0}_zero_fraction", model);
  }
  for (std::int64_t g = 0; g < run.genes; ++g) {
    text += fmt::format("\n{},{},{},{}", quoted(fmt::format("{}{}", run.gene, g)), 0.1 * g, 0.2 * g,
                        1.0 / (1 + g));
    for (const auto& [model, type] : run.models) {
      if (RunSample::reconstructs(type)) text += fmt::format(",{},{}", 0.01 * g, g == 0 ? "" : "0.5");
      if (RunSample::generates(type)) text += fmt::format(",{},{},{}", 0.11 * g, 0.19 * g, 1.0 / (1.2 + g));
    }
  }
  write_file(path, header + text + "\n");
}

inline Matrix<float> coordinates(std::int64_t rows, int space) {
  Matrix<float> points(rows, 3);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t c = 0; c < 3; ++c) points(row, c) = coordinate_of(row, c, space);
  }
  return points;
}

/// Every second cell is a training cell, the others are test cells; perturbations follow each other.
inline void write_cells(const std::string& folder, const RunSample& run) {
  AnnDataContent latent;
  Categorical perturbations, split{{}, {"train", "test"}};
  for (std::int64_t p = 0; p < run.perturbations; ++p)
    perturbations.categories.push_back(p == 0 ? "control" : fmt::format("{}{}", run.perturbation, p));
  for (std::int64_t cell = 0; cell < run.cells; ++cell) {
    latent.obs.names.push_back(fmt::format("c{}", cell));
    perturbations.codes.push_back(static_cast<std::int32_t>(cell % run.perturbations));
    split.codes.push_back(cell % 2);
  }
  latent.obs.set({"perturbation", perturbations, {}});
  latent.obs.set({"split", split, {}});
  latent.obsm.emplace_back("X_pca", coordinates(run.cells, 0));
  const Csr<float> real = run.expression ? compressed(expression(run, run.cells, 0)) : Csr<float>();
  if (run.expression) {
    latent.x = &real;
    latent.var.names = gene_names(run);
  }
  int space = 0;
  for (const auto& [model, type] : run.models) {
    ++space;
    if (RunSample::reconstructs(type))
      latent.obsm.emplace_back(fmt::format("X_{}_pca2", model), coordinates(run.cells, space));
    if (!RunSample::generates(type)) continue;
    AnnDataContent generated;
    for (std::int64_t cell = 0; cell < run.cells / 2; ++cell)
      generated.obs.names.push_back(fmt::format("g{}", cell));
    generated.obsm.emplace_back("X_pca", coordinates(run.cells / 2, 10 + space));
    const Matrix<float> made = run.expression ? expression(run, run.cells / 2, space) : Matrix<float>();
    if (run.expression) {
      generated.x = &made;
      generated.var.names = gene_names(run);
    }
    write_anndata(fmt::format("{}/generated_{}.h5ad", folder, model), generated);
  }
  write_anndata(folder + "/latent.h5ad", latent);
}

inline void write_run(const std::string& folder, const RunSample& run) {
  write_file(folder + "/result.json", result_of(run).dump(2));
  write_file(folder + "/config.yaml", "name: sample # a remark\nseed: 7\n");
  write_file(folder + "/provenance.json", R"({"build": {"version": "0.9.9"}, "host": "a host"})");
  write_curves(folder + "/metrics.csv", run);
  write_genes(folder + "/per_gene.csv", run);
  if (run.more_metrics) write_perturbations(folder + "/per_perturbation.csv", run);
  write_cells(folder, run);
}

}  // namespace sparcell
