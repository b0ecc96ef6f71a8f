#include "model/generator.h"

#include <algorithm>
#include <cmath>

#include "sparcell/ops/hurdle.h"
#include "sparcell/ops/library.h"
#include "sparcell/ops/loss.h"
#include "sparcell/ops/optimizer.h"
#include "sparcell/ops/random.h"

namespace sparcell {
namespace {

/// Indices of the streams Purpose::generator_input: latents are 0 and 1 (LatentDraw), gates by pass, and
/// library sizes beside the latents.
enum StreamIndex : std::uint32_t { latent_index = 0, gate_index = 2, library_index = 4 };
/// Of Purpose::generate: cells that are asked for.
enum SampleIndex : std::uint32_t { sample_latent, sample_gate, sample_library };

std::vector<LayerShape> layers_of(const ModelOptions& options, std::int64_t genes) {
  const GanOptions& gan = options.gan;
  const std::int64_t in = options.latent + (gan.library == LibraryUse::none ? 0 : 1);
  std::vector<LayerShape> layers = hidden_layers(gan.generator, in);
  const bool hurdle = gan.output == GeneratorOutput::hurdle;
  layers.push_back(linear_layer(layers.empty() ? in : layers.back().out, hurdle ? 2 * genes : genes));
  if (gan.output == GeneratorOutput::relu || gan.output == GeneratorOutput::softplus) {
    layers.back().hidden = true;
    layers.back().activation = gan.output == GeneratorOutput::relu ? Activation::relu : Activation::softplus;
  }
  return layers;
}

template <class T>
BesideLayers beside_layers(const Told<T>& told) {
  return {.conditions = told.conditions, .pairs = told.products};
}

}  // namespace

template <class T>
Generator<T>::Generator(Context& context, const ModelOptions& options, std::int64_t genes,
                        const Told<T>& told, std::uint64_t seed, std::int64_t capacity)
    : context_(context),
      options_(options),
      genes_(genes),
      told_(told),
      seed_(seed),
      network_("generator", layers_of(options, genes), seed, 0, parameters_, buffers_, beside_layers(told)) {
  if (averages()) {
    average_.emplace("average", layers_of(options, genes), seed, 0, average_parameters_, average_buffers_,
                     beside_layers(told));
  }
  if (told.products > 0) {
    pairs_.emplace(context, "generator_genes.weight", told, capacity, 1, parameters_);
    if (averages())
      average_pairs_.emplace(context, "average_genes.weight", told, capacity, 1, average_parameters_);
  }
  if (options.gan.library != LibraryUse::none) library_.emplace(context);
  parameters_.allocate(context, true);
  buffers_.allocate(context, false);
  for (Arena<T>* arena : {&average_parameters_, &average_buffers_}) arena->allocate(context, false);
  nothing_.allocate(context, true);
  tape_ = network_.make_tape(context, capacity, 1);
  z_ = Buffer<T>(context, capacity * input_width());
  if (!hurdles() && !scales()) return;
  cells_ = Buffer<T>(context, capacity * genes);
  grad_cells_ = Buffer<T>(context, capacity * genes);
  if (hurdles() && scales()) unscaled_ = Buffer<T>(context, capacity * genes);
}

template <class T>
std::vector<ParameterGroup<T>> Generator<T>::groups() {
  std::vector<ParameterGroup<T>> groups{{"generator", &parameters_, &buffers_}};
  if (averages()) {
    groups.push_back({"average", &nothing_, &average_parameters_});
    groups.push_back({"average_statistics", &nothing_, &average_buffers_});
  }
  if (library_) groups.push_back({"library", &nothing_, &library_->tensors()});
  return groups;
}

template <class T>
bool Generator<T>::makes_zeros() const {
  return hurdles() || options_.gan.output == GeneratorOutput::relu;
}

template <class T>
void Generator<T>::initialize(std::uint32_t network) {
  network_.initialize(network);
  if (average_) average_->initialize(network);
  for (std::optional<LearnedPairs<T>>* pairs : {&pairs_, &average_pairs_})
    if (*pairs) (*pairs)->initialize(seed_, options_.conditioning.embedding == EmbeddingOptions::one_hot);
}

template <class T>
void Generator<T>::begin_from(const TrainingStart& start) {
  if (library_) library_->take(start.genes);
  if (!hurdles()) return;
  const auto cells = static_cast<double>(start.genes.cols);
  const double rare = 0.5 / cells;  // what is never or always zero has a logit too
  const int last = network_.bias_tensor(network_.size() - 1);
  std::vector<T> share, bias(static_cast<std::size_t>(2 * genes_));
  for (std::int64_t g = 0; g < genes_; ++g) {
    const std::int64_t first = start.genes.offsets[g], end = start.genes.offsets[g + 1];
    const double p = static_cast<double>(end - first) / cells;
    share.push_back(static_cast<T>(p));
    double mean = 0;
    for (std::int64_t k = first; k < end; ++k) mean += static_cast<double>(start.genes.values[k]);
    mean = end > first ? mean / static_cast<double>(end - first) : std::log(2.0);
    const double open = std::clamp(p, rare, 1 - rare);
    mean = std::max(mean, 1e-6);
    bias[g] =
        static_cast<T>(mean + std::log(-std::expm1(-mean)));  // softplus of it is the mean, however large
    bias[genes_ + g] = static_cast<T>(std::log(open / (1 - open)));
  }
  share_ = Buffer<T>(context_, share);
  parameters_.write(last, bias);
}

template <class T>
RandomStream Generator<T>::gate_noise(std::uint32_t pass, Counter step) const {
  return RandomStream(seed_, Purpose::generator_input, gate_index + pass, step);
}

template <class T>
void Generator<T>::draw_input(std::int64_t rows, std::uint32_t index, Counter step) {
  const MatrixView<T> all = input(rows);
  fill_normal<T>(context_, RandomStream(seed_, Purpose::generator_input, latent_index + index, step), T(1),
                 {all.data, static_cast<std::size_t>(all.size())});
  if (!library_) return;
  library_->draw(RandomStream(seed_, Purpose::generator_input, library_index + index, step), sizes(rows));
}

template <class T>
MatrixView<T> Generator<T>::run(const Conditions<T>& cells, std::uint32_t pass, Counter step,
                                MatrixView<T> out) {
  const std::int64_t rows = cells.rows.count;
  const Segment segment{.first = 0, .rows = rows, .pass = pass, .step = step, .slot = 0};
  told_cells_ = cells;
  if (pairs_) pairs_->put(context_, 0, told_cells_);
  const bool finished = !hurdles() && !scales();
  const MatrixView<T> outputs = network_.forward(
      context_, tape_, input(rows), {.rows = rows, .segments = {&segment, 1}, .conditions = told_cells_},
      {.out = finished ? out : MatrixView<T>{}});
  if (finished) return outputs;
  return finish(outputs, gate_noise(pass, step), 0, out.data != nullptr ? out : of(cells_, rows, genes_));
}

template <class T>
MatrixView<T> Generator<T>::finish(MatrixView<T> outputs, RandomStream noise, std::int64_t first_row,
                                   MatrixView<T> cells) {
  MatrixView<T> unscaled = outputs;
  if (hurdles()) {
    unscaled = scales() ? of(unscaled_, outputs.rows, genes_) : cells;
    hurdle<T>(context_, noise, first_row, half(outputs, 0), half(outputs, 1), unscaled);
  }
  if (scales()) scale_to_library<T>(context_, unscaled, sizes(outputs.rows), library_->scale(), cells);
  return cells;
}

template <class T>
MatrixView<T> Generator<T>::grad(std::int64_t rows) {
  if (hurdles() || scales()) return of(grad_cells_, rows, genes_);
  return network_.rows_of(tape_.back().grad, network_.size() - 1, 0, rows);
}

template <class T>
void Generator<T>::backward(MatrixView<const T> cells, std::uint32_t pass, Counter step, double* loss,
                            PhaseClock& phases) {
  const std::int64_t rows = cells.rows;
  const int last = network_.size() - 1;
  const MatrixView<T> at_cells = grad(rows), at_outputs = network_.rows_of(tape_.back().grad, last, 0, rows);
  const MatrixView<T> outputs = network_.output(tape_, last, 0, rows);
  const SparsityOptions& sparsity = options_.gan.sparsity;
  phases.enter(Phase::loss);
  if (sparsity.term == SparsityTerm::size) {
    const double scale = 1.0 / static_cast<double>(rows * genes_);
    absolute_value<T>(context_, cells,
                      {.scale = scale, .gradient_scale = sparsity.weight * scale, .sum = loss}, at_cells);
  }
  phases.enter(Phase::backward);
  if (scales()) {
    const MatrixView<T> unscaled = hurdles() ? of(unscaled_, rows, genes_) : outputs;
    scale_to_library_backward<T>(context_, unscaled, sizes(rows), library_->scale(), at_cells,
                                 hurdles() ? at_cells : at_outputs);
  }
  if (hurdles()) {
    hurdle_backward<T>(context_, gate_noise(pass, step), 0, options_.gan.gate_temperature, half(outputs, 0),
                       half(outputs, 1), at_cells, half(at_outputs, 0), half(at_outputs, 1));
  }
  if (sparsity.term == SparsityTerm::zero_share) {
    phases.enter(Phase::loss);
    const double scale = 1.0 / static_cast<double>(genes_);
    zero_share<T>(context_, half(outputs, 1), share_.span(), scale, sparsity.weight * scale, loss,
                  half(at_outputs, 1));
    phases.enter(Phase::backward);
  }
  const Segment segment{.first = 0, .rows = rows, .pass = pass, .step = step, .slot = 0};
  network_.backward(context_, tape_, {.rows = rows, .segments = {&segment, 1}, .conditions = told_cells_},
                    {.input = input(rows), .ends_here = !pairs_});
  if (pairs_) pairs_->backward(context_, 0, told_cells_);
}

template <class T>
void Generator<T>::update_average(const std::int64_t* step) {
  if (!averages()) return;
  const double decay = options_.gan.weight_average;
  moving_average<T>(context_, decay, step, parameters_.values(), average_parameters_.values());
  moving_average<T>(context_, decay, step, buffers_.values(), average_buffers_.values());
}

template <class T>
Matrix<T> Generator<T>::sample_input(std::int64_t first, std::int64_t count, std::uint64_t seed) const {
  const std::int64_t latent = options_.latent;
  const std::vector<T> z =
      draw_normals<T>(RandomStream(seed, Purpose::generate, sample_latent), first * latent, count * latent);
  Matrix<T> all(count, input_width());
  std::vector<T> sizes;
  if (library_)
    sizes = library_->draw_on_host(RandomStream(seed, Purpose::generate, sample_library), first, count);
  for (std::int64_t r = 0; r < count; ++r) {
    std::copy_n(z.begin() + r * latent, latent, all.view().row(r));
    if (library_) all(r, latent) = sizes[r];
  }
  return all;
}

template <class T>
Matrix<T> Generator<T>::generate(const Matrix<T>& z, std::int64_t first, std::uint64_t seed,
                                 const Csr<float>& conditions) {
  const std::int64_t rows = z.rows;
  const auto most = static_cast<std::int64_t>(z_.size()) / input_width();
  require(rows <= most, "generate: {} rows, at most {}", rows, most);
  require(z.cols == input_width(), "generate: an input of {} columns, expected {}", z.cols, input_width());
  const GivenConditions<T> given(context_, conditions, rows, told_.conditions, told_.genes.rows);
  Conditions<T> cells_told = given.view();
  if (pairs_) (average_pairs_ ? *average_pairs_ : *pairs_).put(context_, 0, cells_told);
  context_.memory().copy_to_device(z_.data(), z.values.data(), z.values.size() * sizeof(T));
  const Segment segment{.rows = rows};
  Network<T>& network = average_ ? *average_ : network_;
  MatrixView<T> cells =
      network.forward(context_, tape_, input(rows),
                      {.rows = rows, .training = false, .segments = {&segment, 1}, .conditions = cells_told});
  if (hurdles() || scales()) {
    cells =
        finish(cells, RandomStream(seed, Purpose::generate, sample_gate), first, of(cells_, rows, genes_));
  }
  Matrix<T> host(rows, genes_);
  context_.memory().copy_to_host(host.values.data(), cells.data, host.values.size() * sizeof(T));
  return host;
}

template <class T>
void Generator<T>::show_values(MatrixView<const T> cells, const Watch<T>& watch) const {
  const bool finished = !hurdles() && !scales();
  network_.show_values(tape_, cells.rows, -1, watch, finished ? cells : MatrixView<const T>{});
  if (hurdles() && scales())
    watch({"generator: cells before scaling", of(unscaled_, cells.rows, genes_), -1});
  if (!finished) watch({"generator: cells", cells, -1});
}

template <class T>
void Generator<T>::show_gradients(std::int64_t rows, const Watch<T>& watch) {
  network_.show_gradients(tape_, rows, -1, watch);
  parameters_.show_gradients(watch);
}

template class Generator<float>;
template class Generator<double>;

}  // namespace sparcell
