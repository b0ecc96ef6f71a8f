// The data set on the device: the cells that models read in training and evaluation.
#pragma once

#include <cmath>
#include <numeric>
#include <vector>

#include "model/condition.h"
#include "sparcell/core/context.h"
#include "sparcell/core/dataset.h"
#include "sparcell/core/matrix.h"
#include "sparcell/normalize.h"
#include "sparcell/ops/batch.h"

namespace sparcell {

/// Groups of cells whose counts have dispersions of their own.
struct CellGroups {
  std::int64_t count = 1;
  std::vector<std::int32_t> of_cell;  ///< empty: all are of one group
};

/// Cells x genes as CSR in device memory: values with the scaler of models that see standardized ones, or for
/// models of counts log(1 + count), the log library size as one more column, with the counts beside it; and,
/// for models that are told them, the cells' conditions.
template <class T>
class DeviceData {
 public:
  DeviceData(Context& context, const Csr<float>& x, const Scaler& scaler, const Csr<float>& conditions = {},
             const Csr<float>& part_genes = {})
      : conditions_(context, conditions, part_genes.rows),
        part_genes_(context, part_genes),
        rows_(x.rows),
        features_(x.cols),
        genes_(x.cols),
        nonzeros_(x.nonzeros()),
        offsets_(context, x.offsets),
        indices_(context, x.indices),
        values_(context, std::vector<T>(x.values.begin(), x.values.end())),
        mean_(context, std::vector<T>(scaler.mean.begin(), scaler.mean.end())),
        inverse_scale_(context, inverse(scaler.scale)) {}

  /// Of counts. Library sizes are taken as shares of raw.target_sum; a cell without counts is taken to have
  /// half a count, so that its zeros are no surprise.
  DeviceData(Context& context, const RawCounts& raw, const Csr<float>& x, const Csr<float>& conditions = {},
             const CellGroups& groups = {}, const Csr<float>& part_genes = {})
      : DeviceData(context, with_library(x), Scaler{}, conditions, part_genes) {
    genes_ = x.cols;
    log1p_ = raw.log1p;
    target_sum_ = raw.target_sum;
    count_offsets_ = Buffer<std::int64_t>(context, x.offsets);
    count_indices_ = Buffer<std::int32_t>(context, x.indices);
    counts_ = Buffer<T>(context, std::vector<T>(raw.values.begin(), raw.values.end()));
    std::vector<T> values, logs;
    for (std::int64_t r = 0; r < x.rows; ++r) {
      for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k)
        values.push_back(static_cast<T>(std::log1p(static_cast<double>(raw.values[k]))));
      logs.push_back(static_cast<T>(log_library(raw.library[r], raw.target_sum)));
      const double of_genes =
          std::accumulate(raw.values.begin() + x.offsets[r], raw.values.begin() + x.offsets[r + 1], 0.0);
      whole_libraries_ = whole_libraries_ && raw.library[r] - of_genes <= 1e-6 * raw.library[r];
      values.push_back(logs.back());
    }
    values_ = Buffer<T>(context, values);
    log_library_ = Buffer<T>(context, logs);
    groups_ = groups.count;
    group_of_ = Buffer<std::int32_t>(context, groups.of_cell);
  }

  /// Cells x conditions; no columns where there are none.
  CsrView<const T> conditions() const { return conditions_.view(); }
  /// Cells x genes, 1 for those that are perturbed together in the cell, and the genes' vectors; no rows of
  /// them where models are told nothing of the kind.
  CsrView<const T> parts() const { return conditions_.parts(); }
  CsrView<const T> part_genes() const { return part_genes_.view(); }
  /// Of a batch's cells.
  Conditions<T> told(const BatchRows& rows) const {
    return {.x = conditions(), .rows = rows, .parts = parts()};
  }
  /// What encoders read.
  CsrView<const T> x() const { return {rows_, features_, offsets_.data(), indices_.data(), values_.data()}; }
  Standardization<T> standardization() const { return {mean_.span(), inverse_scale_.span()}; }
  std::int64_t rows() const { return rows_; }
  std::int64_t features() const { return features_; }  ///< columns of x
  std::int64_t genes() const { return genes_; }

  /// Of models of counts.
  CsrView<const T> counts() const {
    return {rows_, genes_, count_offsets_.data(), count_indices_.data(), counts_.data()};
  }
  std::span<const T> log_library() const { return log_library_.span(); }
  std::int64_t groups() const { return groups_; }
  std::span<const std::int32_t> group_of() const { return group_of_.span(); }  ///< empty: one group
  bool log1p() const { return log1p_; }  ///< expression is the logarithm of 1 + normalized counts
  double target_sum() const { return target_sum_; }
  /// Whether a cell's library size is the sum of these genes' counts: none were left out.
  bool whole_libraries() const { return whole_libraries_; }

  /// Whether products that skip zeros pay. They do up to a fifth of entries: measured on a Zen 5 core at
  /// 1,000 genes x 256, batch 128 (tools/bench: bench_training ae 200 DENSITY), where a step takes 1.85 ms at
  /// 10 %, 2.1 ms at 20 %, and 2.1 ms dense.
  bool sparse() const { return mean_.size() == 0 && nonzeros_ * 5 <= rows_ * features_; }

  static double log_library(double library, double target_sum) {
    return std::log((library > 0 ? library : 0.5) / target_sum);
  }

 private:
  static std::vector<T> inverse(const std::vector<float>& scale) {
    std::vector<T> inverted;
    for (float s : scale) inverted.push_back(T(1) / static_cast<T>(s));
    return inverted;
  }

  /// The form of x with a column behind it that has an entry in every row.
  static Csr<float> with_library(const Csr<float>& x) {
    Csr<float> out;
    out.rows = x.rows;
    out.cols = x.cols + 1;
    for (std::int64_t r = 0; r < x.rows; ++r) {
      out.indices.insert(out.indices.end(), x.indices.begin() + x.offsets[r],
                         x.indices.begin() + x.offsets[r + 1]);
      out.indices.push_back(static_cast<std::int32_t>(x.cols));
      out.offsets.push_back(static_cast<std::int64_t>(out.indices.size()));
    }
    out.values.resize(out.indices.size());
    return out;
  }

  DeviceConditions<T> conditions_;
  DeviceRows<T> part_genes_;
  std::int64_t rows_, features_, genes_, nonzeros_;
  Buffer<std::int64_t> offsets_;
  Buffer<std::int32_t> indices_;
  Buffer<T> values_, mean_, inverse_scale_;
  bool log1p_ = false, whole_libraries_ = true;
  double target_sum_ = 0;
  Buffer<std::int64_t> count_offsets_;
  Buffer<std::int32_t> count_indices_;
  Buffer<T> counts_, log_library_;
  std::int64_t groups_ = 1;
  Buffer<std::int32_t> group_of_;
};

}  // namespace sparcell
