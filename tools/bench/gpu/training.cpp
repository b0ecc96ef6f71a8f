// The rows of training steps: autoencoders, a critic's update, an epoch.
#include "data.h"
#include "training_loop.h"

namespace sparcell::bench_gpu {
namespace {

std::int64_t weights_of(std::int64_t inputs, const std::vector<std::int64_t>& hidden, std::int64_t outputs) {
  std::int64_t count = 0;
  for (const std::int64_t width : hidden) count += inputs * width, inputs = width;
  return count + inputs * outputs;
}

/// Of losses. f32 differs by the order of sums; tf32 keeps 11 significant bits of each factor, bf16 keeps 8,
/// and a loss is a mean over many products.
/// Ten steps of Adam on f32 gradients against f64: the bound of the golden tests (tests/model) for twenty.
double drift(const std::string& precision) {
  if (precision == "tf32") return 2e-2;
  return precision == "bf16" ? 1e-1 : 2e-3;
}

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
  Prepared row{.size = c.size,
               .times = c.steps,
               .tolerance = loss_tolerance(s.precision),
               .f64_tolerance = drift(s.precision)};
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
               .tolerance = loss_tolerance(s.precision),
               .f64_tolerance = drift(s.precision)};
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
  TrainingCase longer = critic_case(s, 1 + more);
  longer.compared = 1;
  const Training several(without_exchange, longer);
  const TrainingCase& c = one.c;
  Prepared row{.size = c.size,
               .times = c.steps,
               .tolerance = loss_tolerance(s.precision),
               .f64_tolerance = drift(s.precision)};
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

std::vector<Row> course_rows() {
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

TrainingCase pair_case(const Surroundings& s, const ModelOptions& options) {
  return {.size = "",
          .genes = s.at<std::int64_t>(40, 1000),
          .cells = s.at<std::int64_t>(100, 16'384),
          .steps = s.at<std::int64_t>(20, options.type == ModelType::gan ? 100 : 400),
          .options = s.scale == Scale::small ? bench::shrunk(options) : options,
          .compared = options.type == ModelType::gan ? 1 : 10,
          .of_counts = true};
}

/// A new model, and the course's of the same widths as what it is compared with.
Prepared prepare_pair(Surroundings& s, const bench::ModelPair& pair) {
  Surroundings without_exchange{s.context, s.scale, s.precision, ""};
  const Training model(without_exchange, pair_case(s, pair.model)),
      course(without_exchange, pair_case(s, pair.course));
  const TrainingCase& c = model.c;
  Prepared row{.size = fmt::format("{} genes, batch {}, {:.0f} % dense; {}", c.genes, c.batch(),
                                   100 * density, pair.widths),
               .times = c.steps,
               .tolerance = loss_tolerance(s.precision),
               .f64_tolerance = drift(s.precision)};
  const auto weights = static_cast<double>(model.loop->model().parameter_count());
  row.bytes = 32 * weights + 8 * static_cast<double>(c.batch()) * density * static_cast<double>(c.genes);
  row.variants = {model.variant("sparcell"), course.variant("course's model of these widths")};
  return row;
}

}  // namespace

std::vector<Row> training_rows() {
  std::vector<Row> rows = course_rows();
  for (const bench::ModelPair& pair : bench::model_pairs()) {
    rows.push_back({pair.name, "step of " + pair.title,
                    fmt::format("<= {} times the course's model", bench::pair_goal), false,
                    [pair](Surroundings& s) { return prepare_pair(s, pair); }});
  }
  return rows;
}

}  // namespace sparcell::bench_gpu
