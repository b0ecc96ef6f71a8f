#include "experiment/preprocessing.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "hdf5/file.h"

namespace sparcell {
namespace {

/// Several genes may have a name: what tells them apart is which of them they are.
using GeneKey = std::pair<std::string, std::int64_t>;

std::vector<GeneKey> gene_keys(const std::vector<std::string>& names, std::vector<std::int64_t> which = {}) {
  if (which.empty()) which = occurrences(names);
  std::vector<GeneKey> keys;
  for (std::size_t g = 0; g < names.size(); ++g) keys.emplace_back(names[g], which[g]);
  return keys;
}

/// Takes out the values of genes that were no part of a cell's sum when the normalization was fitted.
void keep_counted(Dataset& data, const std::vector<GeneKey>& counted, Log& log) {
  const std::set<GeneKey> wanted(counted.begin(), counted.end());
  const std::vector<GeneKey> genes = gene_keys(data.genes.names);
  std::vector<bool> keep(genes.size());
  std::size_t found = 0;
  for (std::size_t g = 0; g < keep.size(); ++g) {
    keep[g] = wanted.contains(genes[g]);
    found += keep[g];
  }
  if (found > 0 && found < wanted.size()) {  // of a file with none of them the next step says so
    log.warn("{} of the {} genes that made up a cell's sum are not in {}: its cells are scaled up for them",
             wanted.size() - found, wanted.size(), data.source);
  }
  Csr<float>& x = data.x;
  std::int64_t kept = 0, row_begin = 0;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t k = std::exchange(row_begin, x.offsets[r + 1]); k < x.offsets[r + 1]; ++k) {
      if (!keep[x.indices[k]]) continue;
      x.indices[kept] = x.indices[k];
      x.values[kept++] = x.values[k];
    }
    x.offsets[r + 1] = kept;
  }
  x.indices.resize(static_cast<std::size_t>(kept));
  x.values.resize(static_cast<std::size_t>(kept));
}

/// Where each of the data's genes stands among the model's; -1: nowhere.
std::vector<std::int32_t> places_in_space(const Dataset& data, const Preprocessing& fitted,
                                          const std::string& path, bool fill_missing, Log& log) {
  std::map<GeneKey, std::int32_t> place;  // of each wanted gene
  for (const GeneKey& gene : gene_keys(fitted.genes, fitted.genes_occurrence))
    place.emplace(gene, static_cast<std::int32_t>(place.size()));
  std::vector<std::int32_t> to;
  std::vector<bool> found(fitted.genes.size(), false);
  for (const GeneKey& gene : gene_keys(data.genes.names)) {
    const auto wanted = place.find(gene);
    to.push_back(wanted == place.end() ? -1 : wanted->second);
    if (to.back() >= 0) found[to.back()] = true;
  }
  const auto missing = std::count(found.begin(), found.end(), false);
  if (missing == std::ssize(found)) {
    throw DataError("{} has none of the {} genes that the model needs ({}...); its own are named {}...", path,
                    found.size(), fitted.genes.front(),
                    data.genes.names.empty() ? "nothing" : data.genes.names.front());
  }
  if (missing > 0) {
    const auto first = static_cast<std::size_t>(std::find(found.begin(), found.end(), false) - found.begin());
    if (!fill_missing) {
      throw DataError(
          "{} lacks {} of the {} genes that the model needs ({}...); --fill-missing takes zeros for them",
          path, missing, fitted.genes.size(), fitted.genes[first]);
    }
    log.warn("{} of {} genes are not in {}: zeros are taken for them", missing, fitted.genes.size(), path);
  }
  return to;
}

/// The values at the places that their genes have in the space, of which `genes` are the names.
Dataset take_places(Dataset data, const std::vector<std::int32_t>& to,
                    const std::vector<std::string>& genes) {
  Dataset out;
  out.cells = std::move(data.cells);
  out.genes.names = genes;
  out.perturbations = std::move(data.perturbations);
  out.source = data.source;
  out.matrix = data.matrix;
  out.checksum = data.checksum;
  out.x.rows = data.x.rows;
  out.x.cols = static_cast<std::int64_t>(genes.size());
  out.x.offsets.reserve(data.x.offsets.size());
  const bool raw = data.raw.known();
  out.raw = std::move(data.raw);
  LargeArray<float> counts;
  std::vector<std::pair<std::int32_t, std::int64_t>> row;  // the gene here, the entry there
  for (std::int64_t r = 0; r < data.x.rows; ++r) {
    row.clear();
    for (std::int64_t k = data.x.offsets[r]; k < data.x.offsets[r + 1]; ++k) {
      if (to[data.x.indices[k]] >= 0) row.emplace_back(to[data.x.indices[k]], k);
    }
    std::sort(row.begin(), row.end());
    for (const auto& [gene, entry] : row) {
      out.x.indices.push_back(gene);
      out.x.values.push_back(data.x.values[entry]);
      if (raw) counts.push_back(out.raw.values[entry]);
    }
    out.x.offsets.push_back(static_cast<std::int64_t>(out.x.indices.size()));
  }
  out.raw.values = std::move(counts);
  return out;
}

}  // namespace

std::vector<std::int64_t> occurrences(const std::vector<std::string>& names) {
  std::map<std::string, std::int64_t> seen;
  std::vector<std::int64_t> before;
  for (const std::string& name : names) before.push_back(seen[name]++);
  return before;
}

Dataset bring_into_space(Context& context, const ReadOptions& read_options, const Preprocessing& fitted,
                         bool fill_missing, Log& log) {
  const MatrixNeed need = fitted.normalization.enabled ? MatrixNeed::counts : MatrixNeed::any;
  Dataset data = read(read_options, need, log, context.threads());
  if (fitted.normalization.enabled)
    keep_counted(data, gene_keys(fitted.counted, fitted.counted_occurrence), log);
  apply(context, data, fitted.normalization);
  const std::vector<std::int32_t> places =
      places_in_space(data, fitted, read_options.path, fill_missing, log);
  return take_places(std::move(data), places, fitted.genes);
}

void write_preprocessing(const std::string& path, const Preprocessing& fitted) {
  hdf5::NewFile file(path);
  file.set("normalized", fitted.normalization.enabled);
  file.set("log1p", fitted.normalization.log1p);
  file.set("counts", fitted.normalization.counts);
  file.set("target_sum", fitted.normalization.target_sum);
  file.write_strings("counted", fitted.counted);
  file.write_strings("genes", fitted.genes);
  if (!fitted.counted_occurrence.empty()) file.write("counted_occurrence", fitted.counted_occurrence);
  if (!fitted.genes_occurrence.empty()) file.write("genes_occurrence", fitted.genes_occurrence);
  if (!fitted.scaler.empty()) {
    file.write("scaler_mean", fitted.scaler.mean);
    file.write("scaler_scale", fitted.scaler.scale);
  }
  file.commit();
}

Preprocessing read_preprocessing(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path);
  Preprocessing fitted;
  fitted.normalization = {.enabled = file.integer("normalized") != 0,
                          .target_sum = file.number("target_sum"),
                          .log1p = file.integer("log1p") != 0,
                          .counts = file.integer("counts") != 0};
  fitted.counted = file.dataset("counted").read_strings();
  fitted.genes = file.dataset("genes").read_strings();
  if (file.exists("counted_occurrence"))
    fitted.counted_occurrence = file.dataset("counted_occurrence").read<std::int64_t>();
  if (file.exists("genes_occurrence"))
    fitted.genes_occurrence = file.dataset("genes_occurrence").read<std::int64_t>();
  if (file.exists("scaler_mean")) {
    fitted.scaler = {file.dataset("scaler_mean").read<float>(), file.dataset("scaler_scale").read<float>()};
  }
  return fitted;
}

}  // namespace sparcell
