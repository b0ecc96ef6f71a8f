// Times a whole evaluation on cells as tools/bench/evaluation.py writes them: bench_evaluation FOLDER
// [THREADS [alone]]. Prints JSON with seconds, memory beyond the data and every value. `alone` judges the
// model without baselines and intervals, which no run does: to compare with programs that do no more.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "evaluate/generation.h"
#include "evaluate/judge.h"
#include "sparcell/evaluate.h"

using namespace sparcell;

namespace {

template <class T>
std::vector<T> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw DataError("{}: the file cannot be read", path);
  std::vector<T> values(static_cast<std::size_t>(file.tellg()) / sizeof(T));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

/// Of this program alone: getrusage starts from what the parent process had.
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  throw InternalError("/proc/self/status has no VmHWM");
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Two models in one: cells that stand in for generated ones, and a latent space.
JudgedModel stored_model(const std::vector<float>& generated, const std::vector<float>& latent,
                         std::int64_t genes, std::int64_t dimensions, const Csr<float>& x) {
  JudgedModel model;
  model.name = "model";
  model.type = ModelType::vae;
  model.latent = dimensions;
  model.generate = [&generated, genes](std::int64_t first, MatrixView<float> out) {
    std::copy_n(generated.begin() + first * genes, out.size(), out.data);
  };
  model.reconstruct = [&x](std::span<const std::int32_t> cells, MatrixView<float> out) {
    std::fill_n(out.data, out.size(), 0.0625f);
    for (std::int64_t i = 0; i < out.rows; ++i) {
      for (std::int64_t p = x.offsets[cells[i]]; p < x.offsets[cells[i] + 1]; ++p)
        out(i, x.indices[p]) = 0.75f * x.values[p];
    }
  };
  model.encode = [&latent, dimensions](std::span<const std::int32_t> cells) {
    Matrix<float> values(std::ssize(cells), dimensions);
    for (std::int64_t i = 0; i < values.rows; ++i)
      std::copy_n(latent.begin() + cells[i] * dimensions, dimensions, values.view().row(i));
    return values;
  };
  return model;
}

Metrics judge_alone(Context& context, const Dataset& data, const Split& split, const JudgedModel& model,
                    Log& log) {
  constexpr std::uint64_t seed = 0;
  const EvaluateOptions options;
  const WantedMetrics wanted(options);
  RealBlocks real(context, data.x);
  const TestCells test = group_test_cells(data.x, split.test, seed);
  const PrincipalComponents pca = fit_pca(context, data.x, split.train, options.components, log);
  Projector projector(context, pca, pca.components.rows);
  Scores scores(wanted, model.name, test.count(), &log);

  const PerturbationMeans means = perturbation_means(data, split.test, training_centroids(data, split.train));
  PseudobulkSums sums(context, data, means);
  const auto reconstruct = [&](std::span<const std::int32_t> cells, auto, MatrixView<float> out) {
    model.reconstruct(cells, out);
    sums.add(cells, out);
  };
  ReconstructionScores reconstruction =
      judge_reconstruction(context, real, test, reconstruct, model.name, data.cells.names);
  reconstruction.pseudobulk = sums.scores();
  set_reconstruction(reconstruction, scores);

  const SampleSpace space = sample_space(context, projector, pca, test.means,
                                         most_variable(data.x, split.train, correlated_genes), wanted, seed);
  const RealSample sample(space, real, test, split.train, seed);
  const GenerationScores generation = sample.judge(model.name, model.generate);
  const LatentScores latent = judge_latent(context, labelled_cells(data, split), model.encode, wanted, seed);
  for (const Metrics* values : {&generation.values, &latent.values}) {
    for (const auto& [key, value] : *values) scores.set(key, value);
  }
  return scores.metrics();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) return 2;
  const std::string folder = std::string(argv[1]) + "/";
  const std::vector<std::int64_t> shape = read<std::int64_t>(folder + "shape.i64");  // cells, genes, training
  Dataset data;
  data.x.rows = shape[0];
  data.x.cols = shape[1];
  data.x.offsets = read<std::int64_t>(folder + "offsets.i64");
  data.x.indices = large_array(read<std::int32_t>(folder + "indices.i32"));
  data.x.values = large_array(read<float>(folder + "values.f32"));
  data.perturbations.of_cell = read<std::int32_t>(folder + "labels.i32");
  for (std::int64_t c = 0; c < shape[0]; ++c) data.cells.names.push_back(fmt::format("c{}", c));
  for (std::int64_t g = 0; g < shape[1]; ++g) data.genes.names.push_back(fmt::format("g{}", g));
  for (std::int32_t label : data.perturbations.of_cell) {
    while (std::ssize(data.perturbations.names) <= label)
      data.perturbations.names.push_back(fmt::format("p{}", data.perturbations.names.size()));
  }
  Split split;
  for (std::int32_t c = 0; c < shape[0]; ++c) (c < shape[2] ? split.train : split.test).push_back(c);
  const std::vector<float> generated = read<float>(folder + "generated.f32"),
                           latent = read<float>(folder + "latent.f32");
  const JudgedModel model = stored_model(generated, latent, shape[1], std::ssize(latent) / shape[0], data.x);

  Context context({}, argc > 2 ? std::atoi(argv[2]) : 0);
  Log log;
  const double before = peak_megabytes(), cpu_before = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  Evaluation evaluation;
  if (argc > 3 && std::string(argv[3]) == "alone") {
    evaluation.models = {{model.name, judge_alone(context, data, split, model, log)}};
  } else {
    evaluation = evaluate(context, data, split, {model}, {}, 0, log);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  nlohmann::ordered_json json{{"seconds", seconds},
                              {"cpu_seconds", cpu_seconds() - cpu_before},
                              {"threads", context.threads()},
                              {"megabytes_beyond_data", peak_megabytes() - before}};
  for (const auto* entries : {&evaluation.models, &evaluation.baselines}) {
    for (const auto& [name, metrics] : *entries) {
      for (const auto& [key, value] : metrics) json["values"][name][key] = value;
    }
  }
  std::printf("%s\n", json.dump(1).c_str());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_evaluation: %s\n", error.what());
  return 1;
}
