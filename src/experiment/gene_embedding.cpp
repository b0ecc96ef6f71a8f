#include "experiment/gene_embedding.h"

#include <charconv>
#include <cmath>
#include <set>

#include "core/csv.h"
#include "core/guides.h"
#include "core/nearest.h"

namespace sparcell {
namespace {

/// The parts (or the genes) of the perturbations that have training cells, from those of all perturbations.
std::set<std::string> trained(const Prepared& prepared, const std::vector<std::vector<std::string>>& parts) {
  std::set<std::string> found;
  for (const std::int32_t cell : prepared.split.train) {
    const std::int32_t p = prepared.data.perturbations.of_cell[cell];
    if (p >= 0) found.insert(parts[p].begin(), parts[p].end());
  }
  return found;
}

GeneEmbedding one_hot(const Prepared& prepared) {
  GeneEmbedding embedding;
  for (const std::string& part : trained(prepared, prepared.data.perturbations.parts)) {
    embedding.genes[part] = {{static_cast<std::int32_t>(embedding.columns.size()), 1.0f}};
    embedding.columns.push_back(part);
  }
  return embedding;
}

/// Which genes have two different values in the given cells. Loadings of the others are rounding errors.
std::vector<bool> varying_genes(const Csr<float>& x, std::span<const std::int32_t> cells) {
  const auto genes = static_cast<std::size_t>(x.cols);
  std::vector<std::size_t> present(genes, 0);
  std::vector<float> lowest(genes, 0), highest(genes, 0);
  for (const std::int32_t cell : cells) {
    for (std::int64_t k = x.offsets[cell]; k < x.offsets[cell + 1]; ++k) {
      const auto gene = static_cast<std::size_t>(x.indices[k]);
      const bool first = present[gene]++ == 0;
      lowest[gene] = first ? x.values[k] : std::min(lowest[gene], x.values[k]);
      highest[gene] = first ? x.values[k] : std::max(highest[gene], x.values[k]);
    }
  }
  std::vector<bool> varies(genes);
  for (std::size_t gene = 0; gene < genes; ++gene) {
    if (present[gene] < cells.size()) {  // other cells have zeros
      lowest[gene] = std::min(lowest[gene], 0.0f);
      highest[gene] = std::max(highest[gene], 0.0f);
    }
    varies[gene] = lowest[gene] < highest[gene];
  }
  return varies;
}

GeneEmbedding loadings(Context& context, std::int64_t components, const Prepared& prepared, Log& log) {
  const PrincipalComponents pca = fit_pca(context, prepared.data.x, prepared.split.train, components, log);
  const Matrix<float>& rows = pca.components;
  GeneEmbedding embedding;
  for (std::int64_t c = 0; c < rows.rows; ++c)
    embedding.columns.push_back(fmt::format("component {}", c + 1));
  const std::set<std::string> perturbed = trained(prepared, genes_of_perturbations(prepared.data));
  const std::vector<bool> varies = varying_genes(prepared.data.x, prepared.split.train);
  double squares = 0, count = 0;
  for (std::int64_t g = 0; g < rows.cols; ++g) {
    const std::string& name = prepared.data.genes.names[g];
    SparseVector vector;
    for (std::int64_t c = 0; c < rows.rows && varies[g]; ++c) {
      const double loading = rows(c, g) * std::sqrt(std::max(pca.variance[c], 0.0));
      vector.emplace_back(static_cast<std::int32_t>(c), static_cast<float>(loading));
      if (!perturbed.contains(name)) continue;
      squares += loading * loading;
      ++count;
    }
    embedding.genes.emplace(name, std::move(vector));  // of a name that stands twice, the first
  }
  if (squares == 0 && !perturbed.empty()) {
    log.warn(
        "conditioning.embedding loadings: no gene that is perturbed in training varies in the training "
        "cells, so models are told nothing of them; an embedding of another kind (a table) can tell them "
        "apart");
  }
  const double scale = squares > 0 ? std::sqrt(count / squares) : 1;
  for (auto& [name, vector] : embedding.genes) {
    for (auto& [column, value] : vector) value = static_cast<float>(value * scale);
  }
  return embedding;
}

GeneEmbedding table(const std::string& path) {
  const std::vector<std::vector<std::string>> records = read_csv(path);
  if (records.size() < 2 || records[0].size() < 2) {
    throw DataError(
        "conditioning.embedding: {} must have a header, genes in the first column and numbers in others",
        path);
  }
  GeneEmbedding embedding;
  embedding.columns.assign(records[0].begin() + 1, records[0].end());
  for (std::size_t r = 1; r < records.size(); ++r) {
    const std::vector<std::string>& record = records[r];
    if (record.size() != records[0].size()) {
      throw DataError("conditioning.embedding: record {} of {} has {} fields, expected {}", r + 1, path,
                      record.size(), records[0].size());
    }
    SparseVector vector;
    for (std::size_t c = 1; c < record.size(); ++c) {
      float value = 0;
      const char* const end = record[c].data() + record[c].size();
      const auto [stopped, error] = std::from_chars(record[c].data(), end, value);
      if (error != std::errc() || stopped != end || !std::isfinite(value)) {
        throw DataError("conditioning.embedding: {} has '{}' for gene {}, column {}; expected a number", path,
                        record[c], record[0], records[0][c]);
      }
      if (value != 0) vector.emplace_back(static_cast<std::int32_t>(c - 1), value);
    }
    if (!embedding.genes.emplace(record[0], std::move(vector)).second)
      throw DataError("conditioning.embedding: {} has the gene {} twice", path, record[0]);
  }
  return embedding;
}

}  // namespace

std::vector<std::string> GeneEmbedding::genes_of(std::span<const std::string> parts,
                                                 const std::string& who) const {
  std::set<std::string> found;
  for (const std::string& part : parts) {
    const std::string gene = genes.contains(part) ? part : without_guide_number(part);
    if (genes.contains(gene)) {
      found.insert(gene);
      continue;
    }
    std::vector<std::string> known;
    for (const auto& [name, _] : genes) known.push_back(name);
    if (source == ConditioningOptions::one_hot) {
      throw DataError(
          "{}: no training cell is perturbed in {}, so a model of one-hot conditions cannot know what it "
          "does; an embedding of genes (loadings, or a table) can{}",
          who, part, did_you_mean(part, known));
    }
    throw DataError(
        "{}: the embedding {} lacks the gene {}{}{}", who, source, gene,
        source == ConditioningOptions::loadings
            ? ", which is not among the selected ones (select.include_perturbed adds those that the "
              "data have; filter.perturbations leaves others out)"
            : "",
        did_you_mean(gene, known));
  }
  return {found.begin(), found.end()};
}

SparseVector GeneEmbedding::of(std::span<const std::string> parts, const std::string& who) const {
  std::map<std::int32_t, float> sum;
  for (const std::string& gene : genes_of(parts, who)) {
    for (const auto& [column, value] : genes.at(gene)) sum[column] += value;
  }
  return {sum.begin(), sum.end()};
}

GeneEmbedding gene_embedding(Context& context, const EmbeddingOptions& options, const Prepared& prepared,
                             Log& log) {
  GeneEmbedding embedding = options.embedding == ConditioningOptions::one_hot ? one_hot(prepared)
                            : options.embedding == ConditioningOptions::loadings
                                ? loadings(context, options.components, prepared, log)
                                : table(options.embedding);
  embedding.source = options.embedding;
  return embedding;
}

}  // namespace sparcell
