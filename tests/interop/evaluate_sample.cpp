// Evaluates models that need no network on a real file and writes everything that another program needs to do
// the same: evaluate_sample FILE PRESET COLUMN FOLDER [GENES].
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "evaluate/test_cells.h"
#include "sparcell/evaluate.h"
#include "sparcell/filter.h"
#include "sparcell/normalize.h"
#include "sparcell/read.h"
#include "sparcell/select.h"
#include "sparcell/split.h"

using namespace sparcell;

namespace {

constexpr std::uint64_t seed = 5;
constexpr std::int64_t latent = 8, components = 20;

template <class T>
void write(const std::string& path, const std::vector<T>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

std::vector<float> dense_rows(const Csr<float>& x, std::span<const std::int32_t> cells) {
  std::vector<float> rows(cells.size() * static_cast<std::size_t>(x.cols));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (std::int64_t p = x.offsets[cells[i]]; p < x.offsets[cells[i] + 1]; ++p)
      rows[i * static_cast<std::size_t>(x.cols) + x.indices[p]] = x.values[p];
  }
  return rows;
}

/// A training cell, damped, with values a little off zero.
void generated_cell(const Dataset& data, const Split& split, std::int64_t number, float* row) {
  const std::int32_t cell = split.train[static_cast<std::size_t>(number * 7) % split.train.size()];
  const std::vector<float> real = dense_rows(data.x, std::span(&cell, 1));
  for (std::size_t g = 0; g < real.size(); ++g)
    row[g] = 0.875f * real[g] + 0.03125f * static_cast<float>(g % 3);
}

/// Sums over every eighth gene.
Matrix<float> encode(const Dataset& data, std::span<const std::int32_t> cells) {
  const std::vector<float> rows = dense_rows(data.x, cells);
  Matrix<float> values(std::ssize(cells), latent);
  for (std::int64_t i = 0; i < values.rows; ++i) {
    for (std::int64_t g = 0; g < data.gene_count(); ++g)
      values(i, g % latent) += rows[static_cast<std::size_t>(i * data.gene_count() + g)];
  }
  return values;
}

/// The genes of every perturbation: of a guide (STAT1_2) whose own name is no gene's, its gene.
std::vector<std::set<std::string>> perturbed_genes(const Dataset& data) {
  const std::vector<std::string>& names = data.genes.names;
  std::vector<std::set<std::string>> all;
  for (const std::vector<std::string>& parts : data.perturbations.parts) {
    std::set<std::string>& genes = all.emplace_back();
    for (const std::string& part : parts) {
      const bool is_gene = std::find(names.begin(), names.end(), part) != names.end();
      genes.insert(is_gene ? part : std::regex_replace(part, std::regex("_[0-9]+$"), ""));
    }
  }
  return all;
}

/// Every fifth perturbation has no cells to train on, nor has another of its genes.
std::set<std::int32_t> unseen_perturbations(const std::vector<std::set<std::string>>& perturbed) {
  std::set<std::int32_t> unseen;
  for (std::size_t every = 2; every < perturbed.size(); every += 5) {
    for (std::size_t p = 1; p < perturbed.size(); ++p) {
      if (perturbed[p] == perturbed[every]) unseen.insert(static_cast<std::int32_t>(p));
    }
  }
  return unseen;
}

/// A mixture of the means of the perturbation's and of its neighbour's cells, with something of the model's
/// own.
std::vector<float> predicted_mean(const Dataset& data, std::int32_t perturbation) {
  std::vector<double> sums(static_cast<std::size_t>(data.gene_count()));
  double cells = 0;
  for (std::int64_t c = 0; c < data.cell_count(); ++c) {
    const std::int32_t of_cell = data.perturbations.of_cell[c];
    if (of_cell != perturbation && of_cell != perturbation - 1) continue;
    const double weight = of_cell == perturbation ? 1 : 0.25;
    cells += weight;
    for (std::int64_t p = data.x.offsets[c]; p < data.x.offsets[c + 1]; ++p)
      sums[data.x.indices[p]] += weight * data.x.values[p];
  }
  std::vector<float> mean;
  for (std::size_t g = 0; g < sums.size(); ++g)
    mean.push_back(static_cast<float>(cells > 0 ? sums[g] / cells : 0) +
                   0.0078125f * static_cast<float>(g % 5));
  return mean;
}

JudgedModel sample_model(const Dataset& data, const Split& split) {
  JudgedModel model;
  model.name = "model";
  model.type = ModelType::vae;
  model.latent = latent;
  model.reconstruct = [&](std::span<const std::int32_t> cells, MatrixView<float> out) {
    const std::vector<float> rows = dense_rows(data.x, cells);
    for (std::int64_t i = 0; i < out.size(); ++i) out.data[i] = 0.75f * rows[i] + 0.0625f;
  };
  model.generate = [&](std::int64_t first, MatrixView<float> out) {
    for (std::int64_t r = 0; r < out.rows; ++r) generated_cell(data, split, first + r, out.row(r));
  };
  model.encode = [&](std::span<const std::int32_t> cells) { return encode(data, cells); };
  model.predict = [&](std::int32_t perturbation) { return predicted_mean(data, perturbation); };
  return model;
}

/// The columns of the genes of every perturbation; null where one is not there, and for the control.
nlohmann::json columns_of(const std::vector<std::set<std::string>>& perturbed,
                          const std::vector<std::string>& names) {
  nlohmann::json all = nlohmann::json::array();
  for (const std::set<std::string>& genes : perturbed) {
    nlohmann::json columns = nlohmann::json::array();
    for (const std::string& gene : genes) {
      const auto found = std::find(names.begin(), names.end(), gene);
      if (found != names.end()) columns.push_back(found - names.begin());
    }
    all.push_back(!genes.empty() && columns.size() == genes.size() ? columns : nlohmann::json());
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 5) return 2;
  Log log;
  Context context({}, 2);
  ReadOptions options;
  options.path = argv[1];
  options.perturbation.column = argv[3];
  for (std::size_t i = 0; i < std::size(Names<LabelPreset>::values); ++i) {
    if (Names<LabelPreset>::values[i] == argv[2]) options.perturbation.preset = static_cast<LabelPreset>(i);
  }
  const bool counts = argc > 5;
  Dataset data = filter(read(options, counts ? MatrixNeed::counts : MatrixNeed::any, log), {}, log);
  Split split = sparcell::split(data, {}, seed);
  const std::vector<std::set<std::string>> perturbed = perturbed_genes(data);
  const std::set<std::int32_t> unseen = unseen_perturbations(perturbed);
  std::erase_if(split.train,
                [&](std::int32_t cell) { return unseen.contains(data.perturbations.of_cell[cell]); });
  if (counts) {
    normalize(context, data, {}, split.train);
    SelectOptions selecting;
    selecting.genes = std::atoi(argv[5]);
    data = take_selected(context, data, select(context, data, selecting, split.train, log));
  }
  EvaluateOptions judging;
  judging.components = components;
  judging.resamples = 100;
  judging.as_counts = CountsToo::always;
  const Evaluation evaluation =
      evaluate(context, data, split, {sample_model(data, split)}, judging, seed, log);
  const std::string folder = std::string(argv[4]) + "/";
  const TestCells test = group_test_cells(data.x, split.test, seed);
  std::vector<float> generated(test.cells.size() * static_cast<std::size_t>(data.gene_count()));
  for (std::int64_t i = 0; i < test.count(); ++i)
    generated_cell(data, split, i, generated.data() + i * data.gene_count());
  write(folder + "train.f32", dense_rows(data.x, split.train));
  write(folder + "test.f32", dense_rows(data.x, test.cells));
  write(folder + "generated.f32", generated);
  const auto labels = [&](std::span<const std::int32_t> cells) {
    std::vector<std::int32_t> result;
    for (std::int32_t cell : cells) result.push_back(data.perturbations.of_cell[cell]);
    return result;
  };
  write(folder + "train_labels.i32", labels(split.train));
  write(folder + "test_labels.i32", labels(test.cells));
  nlohmann::json json{
      {"genes", data.gene_count()}, {"seed", seed}, {"components", components}, {"latent", latent}};
  json["perturbed_genes"] = columns_of(perturbed, data.genes.names);
  json["parts"] = perturbed;
  std::vector<float> predicted;
  for (std::int32_t p = 0; p < std::ssize(data.perturbations.names); ++p) {
    const std::vector<float> mean = predicted_mean(data, p);
    predicted.insert(predicted.end(), mean.begin(), mean.end());
  }
  write(folder + "predicted.f32", predicted);
  for (const auto* entries : {&evaluation.models, &evaluation.baselines}) {
    for (const auto& [name, metrics] : *entries) {
      for (const auto& [key, value] : metrics) json["values"][name][key] = value;
    }
  }
  std::ofstream(folder + "result.json") << json.dump(1) << "\n";
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "evaluate_sample: %s\n", error.what());
  return 1;
}
