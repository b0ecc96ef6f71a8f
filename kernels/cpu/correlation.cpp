// A row is read three times and stays in cache between.
#include "sparcell/ops/correlation.h"

#include <algorithm>
#include <cmath>

#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

/// Sum of term(value) in f64, in eight lanes.
template <class T, class Term>
double row_sum(const T* row, std::int64_t count, Term&& term) {
  constexpr std::int64_t lanes = 8;
  double sums[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) sums[lane] += term(static_cast<double>(row[i + lane]));
  }
  for (std::int64_t lane = 0; i < count; ++i, ++lane) sums[lane] += term(static_cast<double>(row[i]));
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

template <class T>
void standardize(T* row, std::int64_t count) {
  if (std::all_of(row, row + count, [&](T value) { return value == row[0]; })) {
    std::fill_n(row, count, T(0));
    return;
  }
  const double mean = row_sum(row, count, [](double value) { return value; }) / static_cast<double>(count);
  const double squares = row_sum(row, count, [&](double value) { return (value - mean) * (value - mean); });
  const double scale = 1 / std::sqrt(squares);
  for (std::int64_t i = 0; i < count; ++i)
    row[i] = static_cast<T>((static_cast<double>(row[i]) - mean) * scale);
}

}  // namespace

template <class T>
void cpu::standardize_rows(Context& context, MatrixView<T> rows) {
  parallel_for(context.threads(), rows.rows, 1, [&](std::int64_t r) { standardize(rows.row(r), rows.cols); });
}
SPARCELL_INSTANTIATE(cpu::standardize_rows);

}  // namespace sparcell
