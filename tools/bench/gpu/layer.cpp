// A hidden layer's batch normalization and rectifier, forward and backward: ours, and cuDNN's as a measured
// alternative.
#include "sparcell/ops/layer.h"
#include "data.h"
#include "device.h"

namespace sparcell::bench_gpu {
namespace {

constexpr std::int64_t recorded = 20;  // layers in a graph, so that launches from the host do not count

template <class T>
std::vector<double> wide(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

/// Everything that a layer reads and writes, on one device.
template <class T>
struct Layer {
  LayerForm form{.normalization = NormalizationLayer::batch, .activation = Activation::relu};
  std::int64_t rows, cols;
  Buffer<T> input, linear, out, grad_out, grad_linear;
  Buffer<T> bias, weight, offset, running, statistics, gradients;

  Layer(Context& context, std::int64_t rows, std::int64_t cols, const std::vector<T>& input,
        const std::vector<T>& grad, const std::vector<T>& parameters)
      : rows(rows),
        cols(cols),
        input(context, input),
        linear(context, rows * cols),
        out(context, rows * cols),
        grad_out(context, grad),
        grad_linear(context, rows * cols),
        bias(context, cols),
        weight(context, std::span(parameters).first(static_cast<std::size_t>(cols))),
        offset(context, std::span(parameters).last(static_cast<std::size_t>(cols))),
        running(context, 2 * cols),
        statistics(context, 2 * cols),
        gradients(context, 3 * cols) {
    copy_input(context);
  }

  MatrixView<T> matrix(const Buffer<T>& buffer) const { return {buffer.data(), rows, cols}; }
  std::span<T> part(const Buffer<T>& buffer, std::int64_t which) const {
    return buffer.span().subspan(static_cast<std::size_t>(which * cols), static_cast<std::size_t>(cols));
  }
  void copy_input(Context& context) const {
    context.memory().copy_on_device(linear.data(), input.data(),
                                    static_cast<std::size_t>(rows * cols) * sizeof(T));
  }
  void forward(Context& context) const {
    const LayerPass<T> all = pass();
    layer_forward<T>(context, form, parameters(), {part(running, 0), part(running, 1)}, {&all, 1},
                     matrix(linear), matrix(out));
  }
  void backward(Context& context) const {
    const LayerPass<T> all = pass();
    layer_backward<T>(context, form, parameters(), {&all, 1}, matrix(linear), matrix(grad_out),
                      matrix(grad_linear), {part(gradients, 0), part(gradients, 1), part(gradients, 2)});
  }
  /// The results that are compared.
  std::vector<double> results() const {
    std::vector<double> all = wide(out.to_host());
    for (double v : wide(grad_linear.to_host())) all.push_back(v);
    for (double v : wide(download_gradients())) all.push_back(v);
    return all;
  }

 private:
  LayerParameters<T> parameters() const {
    return {.bias = bias.span(), .weight = weight.span(), .offset = offset.span()};
  }
  LayerPass<T> pass() const {
    return {.rows = rows, .statistics = {part(statistics, 0), part(statistics, 1)}};
  }
  /// Of weight and offset: a bias before batch normalization has none but rounding.
  std::vector<T> download_gradients() const {
    std::vector<T> all = gradients.to_host();
    all.erase(all.begin(), all.begin() + cols);
    return all;
  }
};

LayerMemory memory_of(const Layer<float>& layer) {
  return {.linear = layer.matrix(layer.input),
          .out = layer.matrix(layer.out),
          .grad_out = layer.matrix(layer.grad_out),
          .grad_linear = layer.matrix(layer.grad_linear),
          .weight = layer.weight.span(),
          .offset = layer.offset.span(),
          .running_mean = layer.part(layer.running, 0),
          .running_variance = layer.part(layer.running, 1),
          .mean = layer.part(layer.statistics, 0),
          .inverse_deviation = layer.part(layer.statistics, 1),
          .weight_gradient = layer.part(layer.gradients, 1),
          .offset_gradient = layer.part(layer.gradients, 2)};
}

/// A graph of `recorded` passes; `times` of them are times / recorded launches. A graph holds addresses,
/// `once` their memory.
std::function<void(std::int64_t)> recording_of(Context& context, const std::function<void()>& once) {
  const std::shared_ptr<Recording> graph = context.memory().record([&once] {
    for (std::int64_t i = 0; i < recorded; ++i) once();
  });
  return [graph, once](std::int64_t times) {
    for (; times > 0; times -= recorded) graph->run();
  };
}

Prepared prepare(Surroundings& s, std::int64_t rows, std::int64_t cols, std::int64_t times) {
  Context& context = s.context;
  const auto random = [&](std::int64_t count, float low, float high) {
    return uniform_values(context, count, low, high).to_host();
  };
  const std::vector<float> input = random(rows * cols, -2, 3), grad = random(rows * cols, -1, 1.5f),
                           parameters = random(2 * cols, 0.5f, 1.5f);
  const auto layer = std::make_shared<const Layer<float>>(context, rows, cols, input, grad, parameters);
  const auto pass = [layer, &context] {
    layer->forward(context);
    layer->backward(context);
  };
  pass();
  Context host;
  const Layer<double> exact(host, rows, cols, wide(input), wide(grad), wide(parameters));
  exact.forward(host);
  exact.backward(host);
  const std::vector<double> expected = exact.results();
  const auto entries = static_cast<double>(rows * cols);
  // Forward reads l and writes h, backward reads a and the gradient and writes one.
  Prepared row{.size = fmt::format("{} x {}, batch normalization, rectifier", rows, cols),
               .bytes = 20 * entries,
               .times = times,
               .tolerance = 5e-5};
  row.variants = {{.name = "sparcell",
                   .work = recording_of(context, pass),
                   .error = relative_error(layer->results(), expected)}};
  if (has_time()) {
    if (const auto other = cudnn_layer(context, memory_of(*layer))) {
      const auto theirs = [other] { other->forward(), other->backward(); };
      theirs();
      row.variants.push_back({.name = "cuDNN",
                              .work = recording_of(context, theirs),
                              .error = relative_error(layer->results(), expected)});
    }
  }
  row.peer = {{"kind", "layer"}, {"rows", rows}, {"cols", cols}};
  return row;
}

}  // namespace

std::vector<Row> layer_rows() {
  return {{"layer", "hidden layer of a step, forward and backward (in the L2 cache)", "", false,
           [](Surroundings& s) {
             return prepare(s, s.at(16, 256), s.at(33, 512), s.at<std::int64_t>(recorded, 400));
           }},
          {"layer_wide", "the same beyond the L2 cache", "", false, [](Surroundings& s) {
             return prepare(s, s.at(40, 1024), s.at(65, 32768), s.at<std::int64_t>(recorded, 200));
           }}};
}

}  // namespace sparcell::bench_gpu
