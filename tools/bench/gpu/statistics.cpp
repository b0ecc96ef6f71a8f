// Preprocessing and the optimizer: log-normalization, gene moments, Adam.
#include "data.h"
#include "device.h"
#include "sparcell/ops/gene_moments.h"
#include "sparcell/ops/log_normalize.h"
#include "sparcell/ops/optimizer.h"

namespace sparcell::bench_gpu {
namespace {

constexpr double target_sum = 1e4;

/// Cells of the size of Norman et al. 2019.
struct Counts {
  Csr<float> host;
  Buffer<std::int64_t> offsets;
  Buffer<std::int32_t> indices;
  Buffer<float> values;

  explicit Counts(Surroundings& s)
      : host(random_cells(s.at<std::int64_t>(50, 111'445), s.at<std::int64_t>(300, 33'694))),
        offsets(s.context, host.offsets),
        indices(s.context, host.indices),
        values(s.context, host.values) {}

  CsrView<const float> view() const {
    return {host.rows, host.cols, offsets.data(), indices.data(), values.data()};
  }
  std::int64_t entries() const { return static_cast<std::int64_t>(host.values.size()); }
  std::string size() const {
    return fmt::format("{} x {}, {:.3g} M entries", host.rows, host.cols,
                       1e-6 * static_cast<double>(entries()));
  }
};

/// The formula, in f64, of the first rows.
std::vector<double> log_normalized(const Csr<float>& x, std::int64_t rows) {
  std::vector<double> values;
  for (std::int64_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (std::int64_t i = x.offsets[r]; i < x.offsets[r + 1]; ++i) sum += static_cast<double>(x.values[i]);
    for (std::int64_t i = x.offsets[r]; i < x.offsets[r + 1]; ++i)
      values.push_back(std::log1p(static_cast<double>(x.values[i]) * target_sum / sum));
  }
  return values;
}

double log_normalize_error(Context& context, const Counts& counts) {
  const std::int64_t rows = std::min<std::int64_t>(counts.host.rows, 2000);
  return relative_error(download(context, counts.values.data(), counts.host.offsets[rows]),
                        log_normalized(counts.host, rows));
}

Prepared prepare_log_normalize(Surroundings& s) {
  const auto counts = std::make_shared<const Counts>(s);
  Context& context = s.context;
  const auto normalize = [counts, &context] {
    log_normalize<float>(context, counts->view(), target_sum, true, counts->values.span());
  };
  normalize();
  Prepared row{.size = counts->size(),
               .bytes = 8.0 * static_cast<double>(counts->entries()),
               .times = s.at(1, 200),
               .tolerance = 1e-6};
  // In place: values that were normalized before are normalized again, which moves and computes the same.
  row.variants = {
      {.name = "sparcell", .work = repeated(normalize), .error = log_normalize_error(context, *counts)}};
  row.peer = {{"kind", "log_normalize"},
              {"cells", counts->host.rows},
              {"entries", counts->entries()},
              {"target_sum", target_sum}};
  return row;
}

/// Means and variances of genes over all cells, in f64.
struct Moments {
  std::vector<double> mean, variance;
};

Moments moments_of(const Csr<float>& x, const std::vector<float>& values) {
  const auto genes = static_cast<std::size_t>(x.cols);
  Moments m{std::vector<double>(genes), std::vector<double>(genes)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto v = static_cast<double>(values[i]);
    m.mean[x.indices[i]] += v, m.variance[x.indices[i]] += v * v;
  }
  const auto n = static_cast<double>(x.rows);
  for (std::size_t g = 0; g < genes; ++g) {
    m.mean[g] /= n;
    m.variance[g] = m.variance[g] / n - m.mean[g] * m.mean[g];
  }
  return m;
}

std::vector<std::int32_t> ascending(std::int64_t count) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Prepared prepare_moments(Surroundings& s) {
  struct State {
    Counts counts;
    Buffer<std::int32_t> rows;
    Buffer<double> mean, variance, sums;
    explicit State(Surroundings& s)
        : counts(s),
          rows(s.context, ascending(counts.host.rows)),
          mean(s.context, counts.host.cols),
          variance(s.context, counts.host.cols),
          sums(s.context, 2 * counts.host.cols) {}
  };
  const auto state = std::make_shared<const State>(s);
  Context& context = s.context;
  const Counts& counts = state->counts;
  const auto normalize = [state, &context] {
    log_normalize<float>(context, state->counts.view(), target_sum, true, state->counts.values.span());
  };
  const auto moments = [state, &context] {
    gene_moments<float>(context, state->counts.view(), state->rows.span(), MomentsOf::values, {},
                        state->mean.span(), state->variance.span());
  };
  normalize();
  moments();
  const Moments expected = moments_of(counts.host, download(context, counts.values.data(), counts.entries()));
  Prepared row{.size = counts.size(),
               .bytes = 12.0 * static_cast<double>(counts.entries()),
               .times = s.at(1, 200),
               .tolerance = 1e-6};
  row.variants = {{.name = "sparcell",
                   .work = repeated([=] { normalize(), moments(); }),
                   .error = std::max(relative_error(state->mean.to_host(), expected.mean),
                                     relative_error(state->variance.to_host(), expected.variance))}};
  if (has_time()) {
    const auto atomics = atomic_moments(context, counts.view(), counts.entries(), state->sums.span());
    atomics();
    std::vector<double> mean = state->sums.to_host();
    mean.resize(expected.mean.size());
    for (double& sum : mean) sum /= static_cast<double>(counts.host.rows);
    row.variants.push_back({.name = "moments by f64 atomics",
                            .work = repeated([=] { normalize(), atomics(); }),
                            .error = relative_error(mean, expected.mean)});
  }
  return row;
}

Prepared prepare_adam(Surroundings& s) {
  struct State {
    Buffer<float> parameters, gradients, first, second, rate;
    Buffer<std::int64_t> step;
    // L2 decay: the gradient in the formula stays a number although the op clears its memory.
    OptimizerOptions options{.weight_decay = 1e-2};
    State(Context& context, std::int64_t count)
        : parameters(uniform_values(context, count, -1, 1)),
          gradients(uniform_values(context, count, -0.1f, 0.1f)),
          first(uniform_values(context, count, -0.1f, 0.1f)),
          second(uniform_values(context, count, 0.001f, 0.01f)),
          rate(context, std::vector<float>{1e-3f}),
          step(context, std::vector<std::int64_t>{9}) {}
  };
  Context& context = s.context;
  const std::int64_t count = s.at<std::int64_t>(5000, 16'000'000),
                     compared = std::min<std::int64_t>(count, 1'000'000);
  const auto state = std::make_shared<const State>(context, count);
  const auto wide = [&](const Buffer<float>& buffer) {
    const std::vector<float> values = download(context, buffer.data(), compared);
    return std::vector<double>(values.begin(), values.end());
  };
  std::vector<double> p = wide(state->parameters), g = wide(state->gradients), m = wide(state->first),
                      v = wide(state->second);
  const auto once = [state, &context] {
    adam_step<float>(context, state->options, state->rate.data(), state->step.data(),
                     state->parameters.span(), state->gradients.span(), state->first.span(),
                     state->second.span());
  };
  once();
  // Kingma and Ba 2015, algorithm 1, step 10.
  const double b1 = state->options.betas[0], b2 = state->options.betas[1];
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double gradient = g[i] + state->options.weight_decay * p[i];
    m[i] = b1 * m[i] + (1 - b1) * gradient;
    v[i] = b2 * v[i] + (1 - b2) * gradient * gradient;
    p[i] -= 1e-3 * (m[i] / (1 - std::pow(b1, 10))) /
            (std::sqrt(v[i] / (1 - std::pow(b2, 10))) + state->options.epsilon);
  }
  Prepared row{.size = fmt::format("{} parameters", count),
               .bytes = 32.0 * static_cast<double>(count),
               .times = s.at(1, 200),
               .tolerance = 1e-6};
  row.variants = {{.name = "sparcell",
                   .work = repeated(once),
                   .error = relative_error(download(context, state->parameters.data(), compared), p)}};
  row.peer = {{"kind", "adam"}, {"parameters", count}, {"weight_decay", state->options.weight_decay}};
  return row;
}

}  // namespace

std::vector<Row> statistics_rows() {
  return {
      {"log_normalize", "log-normalize", ">= 80 % of the copy; >= 1.8x CuPy", false, prepare_log_normalize},
      {"log_normalize_moments", "log-normalize, gene mean and variance",
       "<= 1.45 ms on an H200; >= 3x f64 atomics", false, prepare_moments},
      {"adam", "Adam", "", false, prepare_adam}};
}

}  // namespace sparcell::bench_gpu
