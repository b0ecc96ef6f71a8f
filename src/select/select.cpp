#include "sparcell/select.h"

#include <algorithm>
#include <cmath>

#include "core/first_integers.h"
#include "select/names.h"
#include "select/scores.h"
#include "sparcell/core/placed.h"
#include "sparcell/ops/select_columns.h"

namespace sparcell {
namespace {

struct Ranking {
  std::vector<double> score;        ///< of every gene; NaN: not ranked
  std::vector<std::int32_t> order;  ///< ranked genes, the highest score first
  std::string score_name;
};

Ranking rank(std::vector<double> score, const char* score_name) {
  Ranking ranking{std::move(score), {}, score_name};
  for (std::size_t g = 0; g < ranking.score.size(); ++g) {
    if (!std::isnan(ranking.score[g])) ranking.order.push_back(static_cast<std::int32_t>(g));
  }
  std::stable_sort(ranking.order.begin(), ranking.order.end(),
                   [&](std::int32_t a, std::int32_t b) { return ranking.score[a] > ranking.score[b]; });
  return ranking;
}

Ranking unranked(std::int64_t genes, std::vector<std::int32_t> order) {
  return {std::vector<double>(static_cast<std::size_t>(genes), 0.0), std::move(order), "none"};
}

/// The counts of the data set, normalized or not.
PlacedCsr counts_of(Context& context, const Dataset& data) {
  if (data.raw.known()) return {context, data.x, data.raw.values};
  if (data.counts) return {context, data.x};
  throw DataError(
      "select.flavor seurat_v3 ranks genes by their counts, but {} of {} does not hold counts; "
      "name them with read.counts, or take flavor seurat",
      data.matrix, data.source);
}

/// The flavor's variances are modelled for whole counts; scanpy warns here, too.
void warn_of_fractions(const Dataset& data, Log& log) {
  const auto whole = [](float count) { return count == std::trunc(count); };
  const std::span<const float> values =
      data.raw.known() ? std::span<const float>(data.raw.values) : std::span<const float>(data.x.values);
  if (std::all_of(values.begin(), values.end(), whole)) return;
  log.warn(
      "select.flavor seurat_v3 is made for whole counts, and {} of {} has others: genes are ranked by them "
      "as they are; flavor seurat ranks by normalized values",
      data.matrix, data.source);
}

Ranking rank_by_flavor(Context& context, const Dataset& data, const SelectOptions& options,
                       std::span<const std::int32_t> cells, Log& log) {
  const auto values = [&] { return PlacedCsr(context, data.x); };
  switch (options.flavor) {
    case SelectFlavor::variance:
      return rank(variance_scores(context, values(), cells), "variance");
    case SelectFlavor::seurat:
      return rank(seurat_scores(context, values(), cells), "normalized_dispersion");
    case SelectFlavor::cell_ranger:
      return rank(cell_ranger_scores(context, values(), cells), "normalized_dispersion");
    case SelectFlavor::seurat_v3: {
      const PlacedCsr counts = counts_of(context, data);
      warn_of_fractions(data, log);
      return rank(seurat_v3_scores(context, counts, cells), "normalized_variance");
    }
    case SelectFlavor::list:
      return unranked(data.gene_count(), genes_of_list(data.genes, options.file));
    case SelectFlavor::all:
      return unranked(data.gene_count(), first_integers(data.gene_count()));
  }
  throw InternalError("select: flavor {} is not known", static_cast<int>(options.flavor));
}

/// The number of genes to take; a warning where it is not the one that was asked for.
std::size_t number_to_take(const Ranking& ranking, const SelectOptions& options, std::int64_t genes,
                           Log& log) {
  if (options.flavor == SelectFlavor::list || options.flavor == SelectFlavor::all)
    return ranking.order.size();
  const auto ranked = static_cast<std::int64_t>(ranking.order.size());
  if (options.genes > genes) {
    log.warn("select.genes is {}, but there are {} genes: all are taken", options.genes, genes);
  } else if (options.genes > ranked) {
    log.warn("select.genes is {}, but only {} of {} genes vary and have a score: these are taken",
             options.genes, ranked, genes);
  }
  return static_cast<std::size_t>(std::min(options.genes, ranked));
}

}  // namespace

Selection select(Context& context, const Dataset& data, const SelectOptions& options,
                 std::span<const std::int32_t> train_cells, Log& log) {
  const std::vector<std::int32_t> every_cell =
      options.fit_on == FitOn::all ? first_integers(data.cell_count()) : std::vector<std::int32_t>();
  Ranking ranking = rank_by_flavor(
      context, data, options,
      options.fit_on == FitOn::all ? std::span<const std::int32_t>(every_cell) : train_cells, log);
  const std::int64_t genes = data.gene_count();
  const std::size_t taken = number_to_take(ranking, options, genes, log);
  std::vector<std::int64_t> rank_of(static_cast<std::size_t>(genes), -1);  // -1: not taken
  for (std::size_t i = 0; i < taken; ++i) rank_of[ranking.order[i]] = static_cast<std::int64_t>(i) + 1;
  const bool takes_all = options.genes > genes && options.flavor != SelectFlavor::list;
  if (takes_all) std::replace(rank_of.begin(), rank_of.end(), std::int64_t{-1}, std::int64_t{0});
  if (options.include_perturbed) {
    for (std::int32_t g : perturbed_genes(data, log)) rank_of[g] = std::max<std::int64_t>(rank_of[g], 0);
  }

  Selection selection;
  selection.score_name = ranking.score_name;
  for (std::int64_t g = 0; g < genes; ++g) {
    if (rank_of[g] < 0) continue;
    selection.genes.push_back(static_cast<std::int32_t>(g));
    selection.rank.push_back(rank_of[g]);
    selection.score.push_back(ranking.score[g]);
  }
  if (selection.genes.empty()) {
    throw DataError(
        "select.flavor {}: none of the {} genes of {} varies between the cells that it is fitted on",
        name_of(options.flavor), genes, data.source);
  }
  return selection;
}

Dataset take_selected(Context& context, const Dataset& data, const Selection& selection) {
  std::vector<std::int32_t> map(static_cast<std::size_t>(data.gene_count()), -1);
  for (std::size_t i = 0; i < selection.genes.size(); ++i)
    map[selection.genes[i]] = static_cast<std::int32_t>(i);
  Dataset taken;
  taken.x.rows = data.x.rows;
  taken.x.cols = static_cast<std::int64_t>(selection.genes.size());
  taken.x.offsets.resize(static_cast<std::size_t>(data.x.rows) + 1);
  const PlacedCsr x(context, data.x);
  const Placed<std::int32_t> placed_map(context, map);
  const PlacedOutput<std::int64_t> offsets(context, taken.x.offsets);
  selected_offsets<float>(context, x.view(), placed_map.span(), offsets.span());
  offsets.take_back();
  taken.x.indices.resize(static_cast<std::size_t>(taken.x.nonzeros()));
  taken.x.values.resize(static_cast<std::size_t>(taken.x.nonzeros()));
  const PlacedOutput<std::int32_t> indices(context, taken.x.indices);
  const PlacedOutput<float> values(context, taken.x.values);
  select_columns<float>(context, x.view(), placed_map.span(), offsets.span(), indices.span(), values.span());
  indices.take_back();
  values.take_back();
  if (data.raw.known()) {
    taken.raw = {.values = LargeArray<float>(taken.x.values.size()),
                 .library = data.raw.library,
                 .target_sum = data.raw.target_sum,
                 .log1p = data.raw.log1p};
    const Placed<float> counts(context, data.raw.values);
    const PlacedOutput<float> taken_counts(context, taken.raw.values);
    select_columns<float>(context, x.view_with(counts.span()), placed_map.span(), offsets.span(),
                          indices.span(), taken_counts.span());
    taken_counts.take_back();
  }
  taken.cells = data.cells;
  taken.genes = take_rows(data.genes, selection.genes);
  taken.perturbations = data.perturbations;
  taken.counts = data.counts;
  taken.source = data.source;
  taken.matrix = data.matrix;
  taken.checksum = data.checksum;
  return taken;
}

}  // namespace sparcell
