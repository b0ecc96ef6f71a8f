// A likelihood of counts: cells with everything that decides their losses, and what the device makes of them.
#pragma once

#include "ops/op_test.h"
#include "sparcell/ops/likelihood.h"
#include "support/sparse.h"

namespace sparcell::test {

inline constexpr double loss_scale = 0.25, gradient_scale = 0.375, loss_before = 3;
inline constexpr CountForm count_forms[] = {
    {}, {.gate = true}, {.library = true}, {.gate = true, .library = true}};

/// Cells out of a data set of 42 with everything that decides their losses.
struct CountProblem {
  CountForm form;
  Csr<double> x;
  std::vector<std::int32_t> order, group_of;
  std::vector<double> log_library;
  Matrix<double> outputs, log_dispersion;

  CountProblem(std::int64_t rows, std::int64_t genes, CountForm of_form, std::int64_t groups, bool observed)
      : form(of_form),
        x(random_csr<double>(42, genes, 0.3, 1,
                             [](auto& generator) {
                               const auto word = generator();
                               return word % 8 == 0 ? 13 + word / 8 % 500 : 1 + word % 5;
                             })),
        outputs(random_matrix(rows, form.columns(genes), 2)),
        log_dispersion(random_matrix(groups, genes, 3, 4)) {
    for (std::int64_t i = 0; i < rows; ++i) order.push_back(static_cast<std::int32_t>(i * 5 % 42));
    if (observed) log_library = random_values(42, 4);
    if (groups > 1) {
      for (std::int32_t cell = 0; cell < 42; ++cell)
        group_of.push_back(cell % static_cast<std::int32_t>(groups));
    }
  }

  std::int64_t group(std::int64_t i) const { return group_of.empty() ? 0 : group_of[order[i]]; }

  /// Of one cell, by lgamma.
  long double loss_of(std::int64_t i, const Matrix<double>& counts) const {
    long double sum = 0;
    for (std::int64_t g = 0; g < x.cols; ++g) {
      const long double shift = (log_library.empty() ? 0.0L : log_library[order[i]]) +
                                (form.library ? outputs(i, outputs.cols - 1) : 0.0L);
      const long double m = std::clamp(std::exp(outputs(i, g) + shift), 1e-5L, 1e6L);
      const long double t =
          std::clamp(std::exp(static_cast<long double>(log_dispersion(group(i), g))), 1e-4L, 1e4L);
      const long double c = counts(order[i], g);
      const long double log_nb = std::lgamma(c + t) - std::lgamma(t) - std::lgamma(c + 1) +
                                 t * std::log(t / (t + m)) + c * std::log(m / (t + m));
      if (!form.gate) {
        sum -= log_nb;
      } else {
        const long double pi = 1 / (1 + std::exp(-static_cast<long double>(outputs(i, x.cols + g))));
        sum -= c == 0 ? std::log(pi + (1 - pi) * std::exp(log_nb)) : std::log(1 - pi) + log_nb;
      }
    }
    return sum;
  }
};

template <class T>
struct CountsOnDevice {
  double loss;
  std::vector<double> cell_losses;
  Matrix<T> gradient, by_log_dispersion;
};

/// With outputs that are log rates, or, where there is a `total`, logits of shares of it.
template <class T>
CountsOnDevice<T> on_device(const CountProblem& problem, int threads, bool with_gradient = true,
                            double total = 0) {
  Context context = test_context(threads);
  const DeviceCsr<T> x(context, problem.x);
  const DeviceBatch rows(context, problem.order);
  const DeviceMatrix<T> outputs(context, problem.outputs), log_dispersion(context, problem.log_dispersion),
      gradient(context, problem.outputs.rows, problem.outputs.cols),
      by_log_dispersion(context, problem.outputs.rows, problem.x.cols);
  const DeviceArray<T> log_library(context, problem.log_library);
  const DeviceArray<std::int32_t> group_of(context, problem.group_of);
  const DeviceArray<double> loss(context, std::vector<double>{loss_before}),
      cell_losses(context, problem.outputs.rows);
  const Dispersion<T> dispersion{log_dispersion, group_of.span()};
  const LossTerm term{loss_scale, gradient_scale, loss.data()};
  const LikelihoodResults<T> results{.cell_losses = cell_losses,
                                     .gradient = with_gradient ? gradient.view() : MatrixView<T>(),
                                     .by_shared = with_gradient ? by_log_dispersion.view() : MatrixView<T>()};
  if (total > 0) {
    count_loss_of_shares<T>(context, total, problem.form, outputs, dispersion, log_library, x, rows, term,
                            results);
  } else {
    count_loss<T>(context, problem.form, outputs, dispersion, log_library, x, rows, term, results);
  }
  return {loss.value(), cell_losses.to_host(), gradient.to_host(), by_log_dispersion.to_host()};
}

}  // namespace sparcell::test
