// What a training step consists of.
#include "cases.h"
#include "sparcell/ops/adversarial.h"
#include "sparcell/ops/gather.h"
#include "sparcell/ops/gradient_penalty.h"
#include "sparcell/ops/layer.h"
#include "sparcell/ops/linear.h"
#include "sparcell/ops/linear_loss.h"
#include "sparcell/ops/loss.h"
#include "sparcell/ops/minibatch_deviation.h"
#include "sparcell/ops/optimizer.h"
#include "sparcell/ops/pair_products.h"
#include "sparcell/ops/random.h"
#include "sparcell/ops/reparameterize.h"
#include "sparcell/ops/sparse_linear.h"
#include "sparcell/ops/spectral_norm.h"

namespace sparcell::bench {
namespace {

constexpr std::int64_t entries = 128000;  // of a batch
constexpr std::int64_t latent = 32;
constexpr std::int64_t dense = 4 * batch_cells * genes, wide = 4 * batch_cells * hidden,
                       weights = 4 * hidden * genes;

void run_gather(Context& context, const Record& record) {
  const Batch b(context);
  const DeviceValues out(context, batch_cells, genes);
  record([&] { gather_dense<float>(context, b.x.view(), b.rows(), {}, out); });
}

/// A hidden layer as the models have it: normalization, leaky rectifier, dropout.
struct LayerCase {
  LayerForm form;
  DeviceValues a, h, grad, parameters;
  Buffer<float> running, statistics;
  LayerParameters<float> given;
  LayerPass<float> pass{.first = 0, .rows = batch_cells};
  LayerGradients<float> gradients;

  LayerCase(Context& context, NormalizationLayer normalization)
      : form{.normalization = normalization, .activation = Activation::leaky_relu, .dropout = 0.1},
        a(context, batch_cells, hidden),
        h(context, batch_cells, hidden),
        grad(context, batch_cells, hidden),
        parameters(context, 6, hidden),
        running(context, 2 * hidden),
        statistics(context, 2 * hidden) {
    const auto row = [&](std::int64_t r) { return parameters.span().subspan(r * hidden, hidden); };
    const bool normalized = normalization != NormalizationLayer::none;
    given.bias = row(0);
    gradients = {.bias = row(3), .weight = {}, .offset = {}};
    if (!normalized) return;
    given.weight = row(1), given.offset = row(2);
    gradients.weight = row(4), gradients.offset = row(5);
    const std::int64_t count = normalization == NormalizationLayer::batch ? hidden : batch_cells;
    pass.statistics = {.mean = statistics.span().first(count),
                       .inverse_deviation = statistics.span().subspan(hidden, count)};
  }
  void forward(Context& context) const {
    const bool of_batch = form.normalization == NormalizationLayer::batch;
    RunningStatistics<float> moved;
    if (of_batch) moved = {running.span().first(hidden), running.span().last(hidden)};
    layer_forward<float>(context, form, given, moved, {&pass, 1}, a, h);
  }
  void backward(Context& context) const {
    layer_backward<float>(context, form, given, {&pass, 1}, a, h, grad, gradients);
  }
};

auto layer_case(NormalizationLayer normalization, bool back) {
  return [=](Context& context, const Record& record) {
    const LayerCase layer(context, normalization);
    if (back) layer.forward(context);
    record([&] { back ? layer.backward(context) : layer.forward(context); });
  };
}

enum class Whole { forward, backward, sparse };

/// Layers as a whole, with batch normalization, from 128 features or from a sparse batch.
auto whole_case(Whole which) {
  return [=](Context& context, const Record& record) {
    constexpr std::int64_t beside = 128;
    const LayerCase layer(context, NormalizationLayer::batch);
    const Batch b(context);
    const DeviceValues input(context, batch_cells, beside), weight(context, hidden, beside),
        weight_next(context, beside, hidden),
        sparse_weight(context, which == Whole::sparse ? genes : 1, hidden);
    const RunningStatistics<float> moved{layer.running.span().first(hidden),
                                         layer.running.span().last(hidden)};
    if (which == Whole::backward) layer.forward(context);
    record([&] {
      switch (which) {
        case Whole::forward:
          return linear_forward<float>(context, layer.form, layer.given, moved, {&layer.pass, 1}, input,
                                       weight, layer.a, layer.h);
        case Whole::backward:
          return linear_backward<float>(context, layer.form, layer.given, {&layer.pass, 1}, input,
                                        weight_next, layer.a, layer.grad, layer.gradients);
        case Whole::sparse:
          return sparse_linear_forward<float>(context, layer.form, layer.given, moved, {&layer.pass, 1},
                                              b.x.view(), b.rows(), sparse_weight, layer.a, layer.h);
      }
    });
  };
}

void run_linear_error(Context& context, const Record& record) {
  constexpr std::int64_t beside = 128;
  const DeviceValues input(context, batch_cells, beside), weight(context, hidden, beside),
      bias(context, 1, hidden), target(context, batch_cells, hidden), gradient(context, batch_cells, hidden),
      grad_bias(context, 1, hidden);
  const Buffer<double> loss(context, 1);
  record([&] {
    linear_squared_error<float>(context, input, weight, bias.span(), OutputActivation::identity, target,
                                {.sum = loss.data()}, gradient, grad_bias.span());
  });
}

void run_tangent(Context& context, const Record& record) {
  const LayerCase layer(context, NormalizationLayer::none);
  const DeviceValues signal(context, batch_cells, hidden), linear(context, batch_cells, hidden);
  record([&] {
    layer_tangent<float>(context, layer.form, layer.given, layer.pass, layer.a, signal, linear, layer.h, {},
                         {});
  });
}

void run_squared_error(Context& context, const Record& record) {
  const Batch b(context);
  const DeviceValues prediction(context, batch_cells, genes), gradient(context, batch_cells, genes);
  const Buffer<double> loss(context, 1);
  record([&] {
    squared_error<float>(context, prediction, {}, b.x.view(), b.rows(), {}, {.sum = loss.data()}, gradient);
  });
}

void run_absolute_value(Context& context, const Record& record) {
  const DeviceValues x(context, batch_cells, genes), gradient(context, batch_cells, genes);
  const Buffer<double> loss(context, 1);
  record([&] { absolute_value<float>(context, x, {.sum = loss.data()}, gradient); });
}

auto reparameterize_case(bool back) {
  return [=](Context& context, const Record& record) {
    const DeviceValues mu(context, batch_cells, latent), log_variance(context, batch_cells, latent),
        z(context, batch_cells, latent), other(context, batch_cells, latent), weight(context, 1, 1);
    const Buffer<double> kl(context, 2);
    const RandomStream stream(1, Purpose::latent);
    record([&] {
      if (back) {
        reparameterize_backward<float>(context, stream, mu, log_variance, z, weight.buffer.data(), 1, other,
                                       other);
      } else {
        reparameterize<float>(context, stream, mu, log_variance, 1, weight.buffer.data(), kl.data(),
                              kl.data() + 1, z);
      }
    });
  };
}

void run_adam(Context& context, const Record& record) {
  const DeviceValues p(context, hidden, genes), g(context, hidden, genes), m(context, hidden, genes);
  const Buffer<float> v(context, hidden * genes), rate(context, 1);
  const Buffer<std::int64_t> step(context, 1);
  record([&] {
    adam_step<float>(context, OptimizerOptions{}, rate.data(), step.data(), p.span(), g.span(), m.span(),
                     v.span());
  });
}

void run_clip(Context& context, const Record& record) {
  const DeviceValues g(context, hidden, genes);
  const Buffer<double> norm(context, 1);
  record([&] { clip_gradients<float>(context, 1.0, g.span(), norm.data()); });
}

auto sparse_linear_case(bool back) {
  return [=](Context& context, const Record& record) {
    const Batch b(context);
    const DeviceValues weight(context, genes, hidden), out(context, batch_cells, hidden);
    record([&] {
      if (back) {
        sparse_linear_weight_gradient<float>(context, b.x.view(), b.rows(), out, weight);
      } else {
        sparse_linear<float>(context, b.x.view(), b.rows(), weight, out);
      }
    });
  };
}

void run_sigma(Context& context, const Record& record) {
  const DeviceValues weight(context, hidden, genes), u(context, 2, hidden), v(context, 2, genes),
      sigma(context, 1, 1);
  record([&] {
    const SpectralWeight<float> one{weight,
                                    u.span().first(hidden),
                                    v.span().first(genes),
                                    sigma.span(),
                                    MatrixView<float>(u.span().last(hidden).data(), 1, hidden),
                                    MatrixView<float>(v.span().last(genes).data(), 1, genes)};
    spectral_sigma<float>(context, {&one, 1});
  });
}

void run_inner(Context& context, const Record& record) {
  const DeviceValues grad(context, batch_cells, hidden), a(context, batch_cells, hidden),
      bias(context, 1, hidden), inner(context, 1, 1);
  const SpectralInner<float> one{{{grad, a, bias.span()}, {}}, inner.buffer.data()};
  record([&] { spectral_inner<float>(context, {&one, 1}); });
}

void run_correction(Context& context, const Record& record) {
  const DeviceValues u(context, 3, hidden), v(context, 3, genes), inner(context, 1, 3),
      grad(context, hidden, genes);
  const SpectralGradient<float> one{u, v, inner.span(), grad};
  record([&] { spectral_correction<float>(context, {&one, 1}); });
}

void run_interpolate(Context& context, const Record& record) {
  const DeviceValues real(context, batch_cells, genes), generated(context, batch_cells, genes),
      out(context, batch_cells, genes);
  record([&] { interpolate<float>(context, RandomStream(1, Purpose::interpolation), real, generated, out); });
}

void run_penalty(Context& context, const Record& record) {
  const DeviceValues g(context, batch_cells, genes);
  const Buffer<double> penalty(context, 1);
  record([&] { penalty_tangent<float>(context, g, 1, 1, 1, penalty.data(), g); });
}

/// Which of the ops of a minibatch deviation.
enum class Deviation { value, backward, tangent, second };

auto deviation_case(Deviation op) {
  return [=](Context& context, const Record& record) {
    const DeviceValues x(context, batch_cells, hidden), tangent(context, batch_cells, hidden),
        column(context, batch_cells, 1), grad(context, batch_cells, hidden);
    record([&] {
      switch (op) {
        case Deviation::value:
          return minibatch_deviation<float>(context, x, column);
        case Deviation::backward:
          return minibatch_deviation_backward<float>(context, x, column, grad);
        case Deviation::tangent:
          return minibatch_deviation_tangent<float>(context, x, tangent, column);
        case Deviation::second:
          return minibatch_deviation_second<float>(context, x, tangent, column, grad);
      }
    });
  };
}

void run_product(Context& context, const Record& record) {
  const DeviceValues a(context, batch_cells, hidden), b(context, batch_cells, hidden),
      out(context, batch_cells, hidden);
  record([&] { elementwise_product<float>(context, a, b, out); });
}

auto pairs_case(bool backward) {
  return [=](Context& context, const Record& record) {
    const DeviceValues a(context, batch_cells, hidden), b(context, batch_cells, hidden),
        c(context, batch_cells, hidden), out(context, batch_cells, hidden);
    record([&] {
      backward ? pair_products_backward<float>(context, a, b, c, out)
               : pair_products<float>(context, a, b, out);
    });
  };
}

auto normal_case(bool add) {
  return [=](Context& context, const Record& record) {
    const DeviceValues out(context, batch_cells, genes);
    const RandomStream stream(1, Purpose::instance_noise);
    record([&] {
      add ? add_normal<float>(context, stream, 0.1f, out.span())
          : fill_normal<float>(context, stream, 1, out.span());
    });
  };
}

}  // namespace

std::vector<Case> training_cases() {
  constexpr std::int64_t row_offsets = 16 * batch_cells, order = 4 * batch_cells;
  constexpr std::int64_t narrow =
      4 * 128 * (batch_cells + hidden);  // an input of 128 features and the weight
  const std::string cells = "256 x 5000", layer = "256 x 512", weight = "512 x 5000";
  return {
      {"gather_dense", cells + ", 10 %", 8 * entries + row_offsets + order + dense, true, run_gather},
      {"sparse_linear", cells + " x 512, 10 %", 8 * entries + row_offsets + order + weights + wide, false,
       sparse_linear_case(false)},
      {"sparse_linear_weight_gradient", cells + " x 512, 10 %",
       8 * entries + row_offsets + order + wide + 2 * weights, false, sparse_linear_case(true)},
      {"layer_forward", layer, 3 * wide, true, layer_case(NormalizationLayer::none, false)},
      {"layer_forward, batch normalization", layer, 3 * wide, true,
       layer_case(NormalizationLayer::batch, false)},
      {"layer_forward, layer normalization", layer, 3 * wide, true,
       layer_case(NormalizationLayer::layer, false)},
      {"layer_backward", layer, 3 * wide, true, layer_case(NormalizationLayer::none, true)},
      {"layer_backward, batch normalization", layer, 3 * wide, true,
       layer_case(NormalizationLayer::batch, true)},
      {"layer_backward, layer normalization", layer, 3 * wide, true,
       layer_case(NormalizationLayer::layer, true)},
      {"linear_forward", "256 x 128 x 512", narrow + 2 * wide, false, whole_case(Whole::forward)},
      {"linear_backward", "256 x 128 x 512", narrow + 2 * wide, false, whole_case(Whole::backward)},
      {"linear_squared_error", "256 x 128 x 512", narrow + 2 * wide, false, run_linear_error},
      {"sparse_linear_forward", cells + " x 512, 10 %",
       8 * entries + row_offsets + order + weights + 2 * wide, false, whole_case(Whole::sparse)},
      {"layer_tangent", layer, 3 * wide, true, run_tangent},
      {"reparameterize", "256 x 32", 3 * 4 * batch_cells * latent, true, reparameterize_case(false)},
      {"reparameterize_backward", "256 x 32", 5 * 4 * batch_cells * latent, true, reparameterize_case(true)},
      {"squared_error", cells + ", 10 %", 2 * dense + 8 * entries + row_offsets + order, true,
       run_squared_error},
      {"absolute_value", cells, 3 * dense, true, run_absolute_value},
      {"adam_step", weight, 8 * weights, true, run_adam},
      {"clip_gradients", weight, 3 * weights, true, run_clip},
      {"spectral_sigma", weight, 2 * weights, true, run_sigma},
      {"spectral_inner", layer, 2 * wide, true, run_inner},
      {"spectral_correction", weight, 2 * weights, true, run_correction},
      {"interpolate", cells, 3 * dense, true, run_interpolate},
      {"penalty_tangent", cells, 2 * dense, true, run_penalty},
      {"minibatch_deviation", layer, wide, true, deviation_case(Deviation::value)},
      {"minibatch_deviation_backward", layer, 3 * wide, true, deviation_case(Deviation::backward)},
      {"minibatch_deviation_tangent", layer, 2 * wide, true, deviation_case(Deviation::tangent)},
      {"minibatch_deviation_second", layer, 4 * wide, true, deviation_case(Deviation::second)},
      {"elementwise_product", layer, 3 * wide, true, run_product},
      {"pair_products", layer, 3 * wide, true, pairs_case(false)},
      {"pair_products_backward", layer, 4 * wide, true, pairs_case(true)},
      {"fill_normal", cells, dense, true, normal_case(false)},
      {"add_normal", cells, 2 * dense, true, normal_case(true)},
  };
}

}  // namespace sparcell::bench
