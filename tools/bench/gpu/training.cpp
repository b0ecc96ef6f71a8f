// Training steps as the training loop takes them: recorded, repeated, with data, order and counters on the
// device.
#include <filesystem>

#include "data.h"
#include "device.h"
#include "npy.h"
#include "train/snapshot.h"
#include "train/step_runner.h"

namespace sparcell::bench_gpu {
namespace {

constexpr std::uint64_t seed = 1;
constexpr std::int64_t compared_steps = 10;

struct TrainingCase {
  std::string size;
  std::int64_t genes, cells, steps;  ///< steps of a turn
  ModelOptions options;

  std::int64_t batch() const { return options.train.batch; }
};

/// A permutation of the cells, over and over: rows of batches 0, 1, ... of a turn.
std::vector<std::int32_t> order_of(const TrainingCase& c) {
  std::vector<std::int32_t> cells(static_cast<std::size_t>(c.cells)), order;
  std::iota(cells.begin(), cells.end(), 0);
  Fast random(seed);
  for (std::size_t i = cells.size() - 1; i > 0; --i) std::swap(cells[i], cells[random.word() % (i + 1)]);
  const auto length = static_cast<std::size_t>(std::max(c.steps, compared_steps) * c.batch());
  while (order.size() < length) order.insert(order.end(), cells.begin(), cells.end());
  return order;
}

/// Losses of steps, by name.
using Losses = std::vector<std::pair<std::string, std::vector<double>>>;

void add_losses(const LossParts& parts, Losses& losses) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (losses.size() == i) losses.push_back({parts[i].first, {}});
    losses[i].second.push_back(parts[i].second);
  }
}

/// The largest difference of the first losses, over the largest loss of the name.
double error_of(const Losses& got, const Losses& expected) {
  double error = 0;
  for (std::size_t part = 0; part < expected.size(); ++part) {
    double difference = 0, size = 0;
    for (std::size_t step = 0; step < expected[part].second.size(); ++step) {
      difference = std::max(difference, std::abs(got.at(part).second.at(step) - expected[part].second[step]));
      size = std::max(size, std::abs(expected[part].second[step]));
      if (std::isnan(got[part].second[step])) return NAN;
    }
    if (size > 0) error = std::max(error, difference / size);
  }
  return error;
}

/// A model and its loop on one device, in one precision.
template <class T>
class Loop {
 public:
  Loop(Context& context, const TrainingCase& c, const Csr<float>& x, const std::vector<std::int32_t>& order)
      : context_(context),
        case_(c),
        data_(context, x, {}),
        model_(make_model<T>(context, case_.options, data_, seed)),
        order_(context, order),
        state_(context, 1) {
    model_->initialize();
    plan_.total_steps = 1'000'000'000;
    plan_.learning_rate = c.options.train.optimizer.learning_rate;
    plan_.generator_learning_rate = c.options.train.generator.learning_rate;
    plan_.critic_learning_rate = c.options.train.critic.learning_rate;
  }

  Trainable<T>& model() { return *model_; }

  void step() {
    begin_step<T>(context_, plan_, state_.data());
    model_->train_step({order_.data(), &state_.data()->batch, case_.batch(), case_.batch()}, state_.data());
    end_step<T>(context_, state_.data());
  }

  /// The next batch is that one; loss sums begin anew.
  void go_to(std::int64_t batch) {
    StepState<T> state = state_.to_host().front();
    state.base_learning_rate = plan_.learning_rate;
    state.batch = batch;
    std::fill(std::begin(state.losses), std::end(state.losses), 0.0);
    state_.upload({&state, 1});
  }

  /// `take` takes one step.
  Losses first_losses(const std::function<void()>& take) {
    Losses losses;
    for (std::int64_t i = 0; i < compared_steps; ++i) {
      go_to(i);
      take();
      add_losses(model_->training_losses(state_.to_host().front(), case_.batch(), 1), losses);
    }
    return losses;
  }

  StepRunner runner(GraphMode mode) requires std::is_same_v<T, float> {
    return {context_, *model_, plan_, mode, case_.batch(), order_.data(), state_.data()};
  }

 private:
  Context& context_;
  const TrainingCase case_;
  DeviceData<T> data_;
  std::unique_ptr<Trainable<T>> model_;
  Buffer<std::int32_t> order_;
  Buffer<StepState<T>> state_;
  StepPlan plan_;
};

/// The weights of `from` in `to`, which is of another precision.
void copy_weights(Trainable<float>& from, Trainable<double>& to) {
  const auto groups = from.groups();
  const auto others = to.groups();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const auto part : {&ParameterGroup<float>::parameters, &ParameterGroup<float>::buffers}) {
      Arena<float>& source = *(groups[g].*part);
      Arena<double>& target =
          part == &ParameterGroup<float>::parameters ? *others[g].parameters : *others[g].buffers;
      for (int i = 0; i < static_cast<int>(source.tensors().size()); ++i) {
        const std::vector<float> values = source.read(i);
        target.write(i, std::vector<double>(values.begin(), values.end()));
      }
    }
  }
}

Json optimizer_json(const OptimizerOptions& o) {
  return {{"type", name_of(o.type)},
          {"learning_rate", o.learning_rate},
          {"betas", o.betas},
          {"weight_decay", o.weight_decay}};
}

Json network_json(const NetworkOptions& o) {
  std::vector<double> dropout = o.dropout;
  dropout.resize(o.hidden.size(), dropout.empty() ? 0.0 : dropout.back());
  return {{"hidden", o.hidden},
          {"normalization", name_of(o.normalization)},
          {"activation", name_of(o.activation)},
          {"slope", o.slope},
          {"dropout", dropout}};
}

/// The options in the words of tools/golden/training.py.
Json options_json(const ModelOptions& o) {
  Json json{{"type", name_of(o.type)}, {"seed", seed}, {"latent", o.latent}};
  if (o.type != ModelType::gan) {
    json.update(network_json(o.network));
    json["decoder_dropout"] = o.decoder_dropout;
    json["reduction"] = name_of(o.reconstruction_reduction);
    json["clip_norm"] = o.train.clip_norm;
    json["optimizer"] = optimizer_json(o.train.optimizer);
    return json;
  }
  json.update({{"generator", network_json(o.gan.generator)},
               {"critic", network_json(o.gan.critic)},
               {"loss", name_of(o.gan.loss)},
               {"critic_steps", o.gan.critic_steps},
               {"label_smoothing", o.gan.label_smoothing},
               {"instance_noise", o.gan.instance_noise},
               {"latent_draw", name_of(o.gan.latent_draw)},
               {"penalty_weight", o.gan.gradient_penalty.weight},
               {"penalty_target", o.gan.gradient_penalty.target},
               {"penalty_on", name_of(o.gan.gradient_penalty.on)},
               {"spectral_norm", o.gan.spectral_norm},
               {"spectral_iterations", name_of(o.gan.spectral_iterations)},
               {"sparsity_weight", o.gan.sparsity.weight},
               {"generator_optimizer", optimizer_json(o.train.generator)},
               {"critic_optimizer", optimizer_json(o.train.critic)}});
  return json;
}

/// Weights, cells and order as .npy files, for a peer.
void write_exchange(const std::string& folder, Trainable<float>& model, const Csr<float>& x,
                    const std::vector<std::int32_t>& order) {
  std::filesystem::create_directories(folder + "/weights");
  const TensorSnapshot tensors = snapshot(model, false);
  for (const auto* part : {&tensors.parameters, &tensors.buffers}) {
    for (const NamedTensor& tensor : *part)
      write_npy(folder + "/weights/" + tensor.name + ".npy", tensor.values, tensor.shape);
  }
  const auto length = [](const auto& values) {
    return std::vector{static_cast<std::int64_t>(values.size())};
  };
  write_npy(folder + "/offsets.npy", x.offsets, length(x.offsets));
  write_npy(folder + "/indices.npy", x.indices, length(x.indices));
  write_npy(folder + "/values.npy", x.values, length(x.values));
  write_npy(folder + "/order.npy", order, length(order));
}

std::int64_t weights_of(std::int64_t inputs, const std::vector<std::int64_t>& hidden, std::int64_t outputs) {
  std::int64_t count = 0;
  for (const std::int64_t width : hidden) count += inputs * width, inputs = width;
  return count + inputs * outputs;
}

/// A row's work as the model's first device memory, losses and files say it.
struct Training {
  TrainingCase c;
  std::shared_ptr<Loop<float>> loop;
  Losses losses;
  double error;
  Json peer;

  Training(Surroundings& s, TrainingCase given) : c(std::move(given)) {
    const Csr<float> x = random_cells(c.cells, c.genes);
    const std::vector<std::int32_t> order = order_of(c);
    loop = std::make_shared<Loop<float>>(s.context, c, x, order);
    Context host;
    Loop<double> exact(host, c, x, order);
    copy_weights(loop->model(), exact.model());
    if (!s.exchange.empty()) write_exchange(s.exchange, loop->model(), x, order);
    StepRunner runner = loop->runner(GraphMode::step);
    losses = loop->first_losses([&] { runner.run(c.batch(), 1); });
    error = error_of(losses, exact.first_losses([&] { exact.step(); }));
    peer = {{"kind", name_of(c.options.type)},
            {"genes", c.genes},
            {"cells", c.cells},
            {"batch", c.batch()},
            {"steps", c.steps},
            {"options", options_json(c.options)}};
    for (const auto& [name, values] : losses) peer["losses"][name] = values;
  }

  /// Steps of the loop, recorded as the training loop records them.
  Variant variant(const std::string& name) const {
    const auto runner = std::make_shared<StepRunner>(loop->runner(GraphMode::run));
    return {
        .name = name,
        .work = [runner, loop = loop, batch = c.batch()](std::int64_t times) { runner->run(batch, times); },
        .rewind = [loop = loop] { loop->go_to(0); },
        .error = error};
  }
};

/// Of losses. f32 differs by the order of sums; tf32 keeps 11 significant bits of each factor, bf16 keeps 8,
/// and a loss is a mean over many products.
double loss_tolerance(const std::string& precision) {
  if (precision == "tf32") return 1e-3;
  return precision == "bf16" ? 1e-2 : 1e-4;
}

TrainingCase autoencoder_case(std::int64_t genes, std::int64_t cells, std::int64_t steps,
                              std::vector<std::int64_t> hidden, std::int64_t latent, std::int64_t batch) {
  TrainingCase c{.size = "", .genes = genes, .cells = cells, .steps = steps, .options = {}};
  c.options.network.hidden = std::move(hidden);
  c.options.latent = latent;
  c.options.train.batch = batch;
  c.options.train.optimizer.weight_decay = 1e-5;
  c.size = fmt::format("{} genes, {}/{}, batch {}, {:.0f} % dense", genes,
                       fmt::join(c.options.network.hidden, "/"), latent, batch, 100 * density);
  return c;
}

/// Of a step: products forward, and two each backward but for the first layer's input. Adam reads and writes
/// parameters, moments and gradients (32 bytes; the gradient is written and cleared); the batch is read once.
void set_autoencoder_work(const TrainingCase& c, const std::string& precision, Prepared& row) {
  const auto weights =
      static_cast<double>(2 * weights_of(c.genes, c.options.network.hidden, c.options.latent));
  const auto first = static_cast<double>(c.genes * c.options.network.hidden.front()),
             batch = static_cast<double>(c.batch());
  row.flops = 2 * batch * (3 * weights - first);
  row.bytes = 32 * weights + 8 * batch * density * static_cast<double>(c.genes);
  row.rate = precision;
}

Prepared prepare_autoencoder(Surroundings& s, const TrainingCase& c) {
  const Training training(s, c);
  Prepared row{.size = c.size, .times = c.steps, .tolerance = loss_tolerance(s.precision)};
  set_autoencoder_work(c, s.precision, row);
  row.variants = {training.variant("sparcell")};
  row.peer = training.peer;
  return row;
}

TrainingCase small_autoencoder() { return autoencoder_case(40, 100, 20, {20, 12}, 6, 16); }

TrainingCase course_autoencoder(const Surroundings& s) {
  return s.scale == Scale::small ? small_autoencoder()
                                 : autoencoder_case(1000, 128'000, 1000, {256, 128}, 64, 128);
}

TrainingCase wide_autoencoder(const Surroundings& s) {
  return s.scale == Scale::small ? small_autoencoder()
                                 : autoencoder_case(5000, 60'000, 234, {512, 128}, 32, 256);
}

TrainingCase large_autoencoder(const Surroundings& s) {
  return s.scale == Scale::small ? small_autoencoder()
                                 : autoencoder_case(5000, 60'000, 200, {1024, 1024}, 128, 1024);
}

/// An epoch as the training loop runs it: all full batches, then what is left.
Prepared prepare_epoch(Surroundings& s) {
  const TrainingCase c = wide_autoencoder(s);
  const Training training(s, c);
  const std::int64_t full = c.cells / c.batch(), left = c.cells % c.batch();
  Prepared row{.size = fmt::format("{} cells, {}", c.cells, c.size),
               .times = 1,
               .tolerance = loss_tolerance(s.precision)};
  set_autoencoder_work(c, s.precision, row);
  const double steps = static_cast<double>(c.cells) / static_cast<double>(c.batch());
  row.flops *= steps, row.bytes *= steps;
  const auto runner = std::make_shared<StepRunner>(training.loop->runner(GraphMode::run));
  Variant epoch = training.variant("sparcell");
  epoch.work = [runner, full, left, batch = c.batch()](std::int64_t times) {
    for (; times > 0; --times) {
      runner->run(batch, full);
      if (left > 1) runner->run(left, 1);
    }
  };
  row.variants = {epoch};
  row.peer = training.peer;
  row.peer["epoch"] = c.cells;
  return row;
}

TrainingCase critic_case(const Surroundings& s, std::int64_t updates) {
  const bool small = s.scale == Scale::small;
  TrainingCase c{.size = "",
                 .genes = s.at<std::int64_t>(40, 1000),
                 .cells = s.at<std::int64_t>(100, 102'400),
                 .steps = s.at<std::int64_t>(20, 400),
                 .options = {}};
  ModelOptions& o = c.options;
  o.type = ModelType::gan;
  o.train.batch = small ? 16 : 256;
  o.latent = small ? 6 : 64;
  if (small) o.gan.generator.hidden = {20, 16, 12}, o.gan.critic.hidden = {20, 16, 12};
  o.gan.loss = GanLoss::wgan;
  o.gan.gradient_penalty = {.weight = 10, .target = 1, .on = PenaltyOn::logit};
  o.gan.spectral_iterations = SpectralIterations::per_step;
  o.gan.critic_steps = updates;
  c.size = fmt::format("{} genes, {}, batch {}, spectral norm per step, penalty", c.genes,
                       fmt::join(o.gan.critic.hidden, "/"), c.batch());
  return c;
}

/// The difference of an iteration with six critic updates and one with one, over five.
Prepared prepare_critic(Surroundings& s) {
  constexpr std::int64_t more = 5;
  const Training one(s, critic_case(s, 1));
  Surroundings without_exchange{s.context, s.scale, s.precision, ""};
  const Training several(without_exchange, critic_case(s, 1 + more));
  const TrainingCase& c = one.c;
  Prepared row{.size = c.size, .times = c.steps, .tolerance = loss_tolerance(s.precision)};
  const auto critic = static_cast<double>(weights_of(c.genes, c.options.gan.critic.hidden, 1)),
             generator =
                 static_cast<double>(weights_of(c.options.latent, c.options.gan.generator.hidden, c.genes)),
             first = static_cast<double>(c.genes * c.options.gan.critic.hidden.front()),
             batch = static_cast<double>(c.batch());
  // Real and generated cells: forward, gradients of weights and, but for the first layer, of inputs. Penalty:
  // forward, the input's gradient, the tangent, two gradients of weights, and of inputs but for the first
  // layer. The generator: forward.
  row.flops = 2 * batch * (2 * (3 * critic - first) + 6 * critic - first + generator);
  row.bytes = 32 * critic + 4 * generator + 8 * batch * density * static_cast<double>(c.genes);
  row.rate = s.precision;
  Variant variant = several.variant("sparcell");
  const Variant once = one.variant("sparcell");
  variant.less = once.work;
  variant.rewind = [first = variant.rewind, second = once.rewind] { first(), second(); };
  variant.parts = more;
  variant.error = std::max(one.error, several.error);
  row.variants = {variant};
  row.peer = one.peer;
  return row;
}

}  // namespace

std::vector<Row> training_rows() {
  return {
      {"ae_course", "AE step, course size", "<= 80 us on an H200; >= 20x Lightning", true,
       [](Surroundings& s) { return prepare_autoencoder(s, course_autoencoder(s)); }},
      {"ae_5000", "AE step, 5,000 genes",
       "f32 <= 170 us on an H200; >= 20x Lightning, 6x eager, 1.8x compile, 1.5x graph", true,
       [](Surroundings& s) { return prepare_autoencoder(s, wide_autoencoder(s)); }},
      {"critic", "WGAN-GP critic update", "<= 100 us on an H200; >= 10x eager, 2.5x eager in a graph", true,
       prepare_critic},
      {"epoch", "epoch, data on the device", "<= 20 ms on an H200; >= 20x Lightning", true, prepare_epoch},
      {"large", "large batch and hidden sizes", ">= 0.95x compile, never below eager", true,
       [](Surroundings& s) { return prepare_autoencoder(s, large_autoencoder(s)); }}};
}

}  // namespace sparcell::bench_gpu
