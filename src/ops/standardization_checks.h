// What ops that standardize check alike.
#pragma once

#include "sparcell/core/errors.h"
#include "sparcell/ops/batch.h"

namespace sparcell {

/// Of `genes` genes, or none.
template <class T>
void check_standardization(const char* op, const Standardization<T>& standardization, std::int64_t genes) {
  const auto means = static_cast<std::int64_t>(standardization.mean.size()),
             scales = static_cast<std::int64_t>(standardization.inverse_scale.size());
  require(means == scales && (means == 0 || means == genes), "{}: {} means and {} scales for {} genes", op,
          means, scales, genes);
}

}  // namespace sparcell
