// Small data sets and models for tests of evaluation.
#pragma once

#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "sparcell/evaluate.h"
#include "support/sparse.h"

namespace sparcell::test {

/// A data set of the given rows, cells named c0, c1 ..., genes g0, g1 ...
inline Dataset dataset_of(const std::vector<std::vector<double>>& rows) {
  Dataset data;
  data.x = csr_of<float>(rows);
  for (std::int64_t c = 0; c < data.x.rows; ++c) data.cells.names.push_back(fmt::format("c{}", c));
  for (std::int64_t g = 0; g < data.x.cols; ++g) data.genes.names.push_back(fmt::format("g{}", g));
  return data;
}

/// The first `train` cells train, the rest test.
inline Split split_at(std::int64_t train, std::int64_t cells) {
  Split split;
  for (std::int64_t c = 0; c < cells; ++c)
    (c < train ? split.train : split.test).push_back(static_cast<std::int32_t>(c));
  return split;
}

/// cells x genes of normal values with the given mean and standard deviation.
inline std::vector<std::vector<double>> normal_rows(std::int64_t cells, std::int64_t genes, double mean,
                                                    double deviation, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(cells),
                                        std::vector<double>(static_cast<std::size_t>(genes)));
  for (auto& row : rows) {
    for (double& value : row) value = normal(generator);
  }
  return rows;
}

/// Reconstructs every entry as map(real value).
inline JudgedModel mapping_model(const std::string& name, const Dataset& data, std::int64_t latent,
                                 std::function<float(float)> map) {
  JudgedModel model;
  model.name = name;
  model.latent = latent;
  model.reconstruct = [&data, map](std::span<const std::int32_t> cells, MatrixView<float> out) {
    const Matrix<double> real = dense(data.x);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      for (std::int64_t g = 0; g < out.cols; ++g) {
        out(static_cast<std::int64_t>(i), g) = map(static_cast<float>(real(cells[i], g)));
      }
    }
  };
  return model;
}

/// Generates the given rows.
inline JudgedModel generating_model(const std::string& name, std::vector<std::vector<double>> rows) {
  JudgedModel model;
  model.name = name;
  model.type = ModelType::gan;
  model.latent = 1;
  model.generate = [rows = std::move(rows)](std::int64_t first, MatrixView<float> out) {
    for (std::int64_t i = 0; i < out.rows; ++i) {
      for (std::int64_t g = 0; g < out.cols; ++g) out(i, g) = static_cast<float>(rows[first + i][g]);
    }
  };
  return model;
}

struct Judged {
  Evaluation evaluation;
  std::vector<std::string> log;

  double metric(const std::string& who, const std::string& key) const {
    for (const auto* entries : {&evaluation.models, &evaluation.baselines}) {
      for (const auto& [name, metrics] : *entries) {
        for (const auto& [metric, value] : metrics) {
          if (name == who && metric == key) return value;
        }
      }
    }
    ADD_FAILURE() << who << " has no " << key;
    return 0;
  }
  bool has(const std::string& who, const std::string& key) const {
    for (const auto* entries : {&evaluation.models, &evaluation.baselines}) {
      for (const auto& [name, metrics] : *entries) {
        for (const auto& entry : metrics) {
          if (name == who && entry.first == key) return true;
        }
      }
    }
    return false;
  }
  const Verdict& verdict(const std::string& model, const std::string& metric,
                         const std::string& baseline) const {
    for (const Verdict& verdict : evaluation.verdicts) {
      if (verdict.model == model && verdict.metric == metric && verdict.baseline == baseline) return verdict;
    }
    throw std::runtime_error("no verdict on the " + metric + " of " + model + " against " + baseline);
  }
  bool logged(const std::string& text) const {
    for (const std::string& line : log) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }
};

inline Judged judge(const Dataset& data, const Split& split, const std::vector<JudgedModel>& models,
                    const EvaluateOptions& options = {}, int threads = 1) {
  Judged judged;
  Log log([&](Log::Level, const std::string& line) { judged.log.push_back(line); });
  Context context({}, threads);
  judged.evaluation = evaluate(context, data, split, models, options, 17, log);
  return judged;
}

}  // namespace sparcell::test
