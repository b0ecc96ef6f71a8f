// The gradient penalty's second backward pass: alone against PyTorch's automatic differentiation in f64
// (tests/golden/penalty.h5, made by tools/golden/penalty.py), and inside whole critic updates against
// central differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "hdf5/file.h"
#include "model/critic.h"

namespace sparcell::testing {
namespace {

using Tensor = std::vector<double>;
using Tensors = std::map<std::string, Tensor>;

/// What the critic of a test is told of each cell: so many conditions, and so many products of those of four
/// genes that are perturbed together in it - none, two, or three.
struct ToldCells {
  std::int64_t conditions = 0, products = 0;

  std::int64_t parts() const { return products > 0 ? 4 : 0; }
  Csr<float> of(std::int64_t cells) const {
    Csr<float> told;
    told.cols = conditions + parts();
    for (std::int64_t cell = 0; cell < cells; ++cell) {
      told.indices.push_back(static_cast<std::int32_t>(cell % conditions));
      told.values.push_back(1 + static_cast<float>(cell) / 4);
      for (std::int64_t part = 0; cell % 3 > 0 && part < parts(); ++part) {
        if ((part + cell) % 4 > cell % 3) continue;
        told.indices.push_back(static_cast<std::int32_t>(conditions + part));
        told.values.push_back(1);
      }
      told.offsets.push_back(std::ssize(told.values));
      ++told.rows;
    }
    return told;
  }
  /// Three numbers of each gene.
  Csr<float> vectors() const {
    Csr<float> genes;
    genes.cols = 3;
    for (std::int64_t part = 0; part < parts(); ++part, ++genes.rows) {
      for (std::int32_t c = 0; c < 3; ++c) {
        genes.indices.push_back(c);
        genes.values.push_back(static_cast<float>((part * 5 + c * 3) % 7) / 4 - 0.75f);
      }
      genes.offsets.push_back(std::ssize(genes.values));
    }
    return genes;
  }
};

/// A critic in f64 whose gradients of one update can be asked for again and again.
class CriticRun {
 public:
  CriticRun(const GanOptions& options, std::int64_t genes, std::int64_t cells, std::uint64_t seed,
            const ToldCells& told = {})
      : vectors_(context_, told.vectors()),
        critic_(context_, options, genes, {told.conditions, told.products, vectors_.view()}, cells, seed,
                parameters_, buffers_, phases_),
        generated_(context_, cells * genes),
        real_(context_, cells * genes),
        cells_(cells),
        update_(context_, 1),
        losses_(context_, 4) {
    parameters_.allocate(context_, true);
    buffers_.allocate(context_, false);
    critic_.initialize(1, false);
    if (told.conditions == 0) return;
    given_.emplace(context_, told.of(cells), cells, told.conditions, told.parts());
    critic_.input().take_conditions(given_->view());
    if (told.products == 0) return;
    // Away from the start, at which products count for nothing and their matrix has no gradient.
    Tensors start = parameters();
    for (auto& [name, values] : start) {
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] += 0.1 * std::sin(2.3 * static_cast<double>(i));
    }
    set_parameters(start);
  }

  void set_cells(const Tensor& real, const Tensor& generated) {
    real_.upload(real);
    generated_.upload(generated);
  }

  /// One update's losses; its gradients are in the parameters' arena.
  struct Losses {
    double adversarial, penalty;
  };
  Losses update() {
    context_.memory().set_zero(parameters_.gradients().data(), parameters_.gradients().size_bytes());
    losses_.set_zero();
    const auto bytes = static_cast<std::size_t>(real_.size()) * sizeof(double);
    context_.memory().copy_on_device(critic_.input().real_rows(cells_).data, real_.data(), bytes);
    context_.memory().copy_on_device(critic_.input().generated_rows(cells_).data, generated_.data(), bytes);
    critic_.input().finish_cells(cells_, update_.data());
    double* at = losses_.data();
    critic_.train_update(cells_, update_.data(), {at, at + 1, at + 2, at + 3});
    const Tensor losses = losses_.to_host();
    return {losses[0], losses[1]};
  }

  Tensors gradients() { return read(parameters_, Arena<double>::Part::gradients); }
  Tensors parameters() { return read(parameters_, Arena<double>::Part::values); }
  Tensors buffers() { return read(buffers_, Arena<double>::Part::values); }
  void set_parameters(const Tensors& tensors) { write(parameters_, tensors); }
  void set_buffers(const Tensors& tensors) { write(buffers_, tensors); }

 private:
  static Tensors read(const Arena<double>& arena, Arena<double>::Part part) {
    Tensors tensors;
    for (std::size_t i = 0; i < arena.tensors().size(); ++i)
      tensors[arena.tensors()[i].name] = arena.read(static_cast<int>(i), part);
    return tensors;
  }
  static void write(Arena<double>& arena, const Tensors& tensors) {
    for (std::size_t i = 0; i < arena.tensors().size(); ++i)
      arena.write(static_cast<int>(i), tensors.at(arena.tensors()[i].name));
  }

  PhaseClock phases_;
  Context context_{{}, 1};
  Arena<double> parameters_, buffers_;
  DeviceRows<double> vectors_;
  Critic<double> critic_;
  std::optional<GivenConditions<double>> given_;
  Buffer<double> generated_, real_;
  std::int64_t cells_;
  Buffer<std::int64_t> update_;
  Buffer<double> losses_;
};

double norm(const Tensor& x) {
  double squares = 0;
  for (double v : x) squares += v * v;
  return std::sqrt(squares);
}

double distance(const Tensor& x, const Tensor& y) {
  if (x.size() != y.size()) throw InternalError("tensors of {} and {} elements", x.size(), y.size());
  Tensor difference(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) difference[i] = x[i] - y[i];
  return norm(difference);
}

std::string word(PenaltyOn on) { return std::string(Names<PenaltyOn>::values[static_cast<int>(on)]); }
std::string word(Activation a) { return std::string(Names<Activation>::values[static_cast<int>(a)]); }
std::string word(NormalizationLayer n) {
  return std::string(Names<NormalizationLayer>::values[static_cast<int>(n)]);
}

constexpr Activation activations[] = {Activation::identity, Activation::relu, Activation::leaky_relu,
                                      Activation::silu,     Activation::elu,  Activation::tanh,
                                      Activation::softplus};
constexpr PenaltyOn heads[] = {PenaltyOn::probability, PenaltyOn::logit};
constexpr NormalizationLayer normalizations[] = {NormalizationLayer::none, NormalizationLayer::layer};

using Case = std::tuple<Activation, PenaltyOn, NormalizationLayer>;

class Penalty : public ::testing::TestWithParam<Case> {
 protected:
  static GanOptions options() {
    const auto [activation, on, normalization] = GetParam();
    GanOptions gan;
    gan.critic = {.hidden = {4, 3},
                  .normalization = normalization,
                  .activation = activation,
                  .slope = 0.2,
                  .dropout = {0.2, 0.1}};
    gan.gradient_penalty = {.weight = 0.7, .target = 0.8, .on = on};
    gan.spectral_norm = false;
    return gan;
  }
};

std::string case_name(const ::testing::TestParamInfo<Case>& info) {
  return word(std::get<0>(info.param)) + "_" + word(std::get<1>(info.param)) + "_" +
         word(std::get<2>(info.param));
}

/// With equal real and generated cells the interpolated ones equal them too, and the penalty is linear in its
/// weight: the difference of two updates' gradients leaves the penalty's.
TEST_P(Penalty, EqualsAutomaticDifferentiation) {
  const auto [activation, on, normalization] = GetParam();
  const hdf5::File golden = hdf5::File::open("tests/golden/penalty.h5");
  const auto shape = golden.dataset("x").shape();
  const Tensor x = golden.dataset("x").read<double>();
  GanOptions gan = options();
  gan.critic.hidden = golden.integers("hidden");
  gan.critic.dropout = golden.numbers("dropout");
  gan.critic.slope = golden.number("slope");
  gan.instance_noise = 0;
  gan.gradient_penalty.target = golden.number("target");

  Tensors gradients[2];
  double penalty = 0;
  for (int run = 0; run < 2; ++run) {
    gan.gradient_penalty.weight = 1 + run;
    CriticRun critic(gan, shape[1], shape[0], static_cast<std::uint64_t>(golden.integer("seed")));
    Tensors parameters = critic.parameters();
    for (auto& [name, values] : parameters)
      values = golden.dataset("parameters/" + word(normalization) + "/" + name).read<double>();
    critic.set_parameters(parameters);
    critic.set_cells(x, x);
    penalty = critic.update().penalty;
    gradients[run] = critic.gradients();
  }

  const std::string place = "penalty/" + word(activation) + "/" + word(on) + "/" + word(normalization);
  EXPECT_NEAR(penalty, golden.dataset(place + "/penalty").read<double>().front(), 1e-12);
  for (const auto& [name, twice] : gradients[1]) {
    const Tensor expected = golden.dataset(place + "/gradients/" + name).read<double>();
    Tensor got = twice;
    for (std::size_t i = 0; i < got.size(); ++i) got[i] -= gradients[0].at(name)[i];
    EXPECT_LE(distance(got, expected), 1e-9 * norm(expected) + 1e-14) << name;
  }
}

/// Every parameter's gradient of the whole loss (adversarial and penalty) against central differences. u and
/// v count as constants in the gradient: at the singular vectors, where sigma is stationary in them, the
/// differences say the same though every update moves u and v.
void expect_central_differences(const GanOptions& gan, bool settle_u_and_v = false,
                                const ToldCells& told = {}) {
  constexpr std::int64_t genes = 6, cells = 5;
  CriticRun critic(gan, genes, cells, 11, told);
  const auto draw = [](std::uint32_t index) {
    Tensor values(genes * cells);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] =
          std::sin(1.7 * static_cast<double>(i) + index) + 0.3 * std::cos(5.1 * static_cast<double>(i));
    return values;
  };
  critic.set_cells(draw(1), draw(2));
  if (settle_u_and_v) {
    for (int pass = 0; pass < 400; ++pass) critic.update();
  }
  const Tensors start = critic.parameters(), buffers = critic.buffers();
  const auto loss = [&](const Tensors& parameters) {
    critic.set_parameters(parameters);
    critic.set_buffers(buffers);
    const CriticRun::Losses losses = critic.update();
    return losses.adversarial + gan.gradient_penalty.weight * losses.penalty;
  };
  loss(start);
  const Tensors gradients = critic.gradients();
  constexpr double h = 1e-6;
  for (const auto& [name, gradient] : gradients) {
    Tensor differences(gradient.size());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      Tensors moved = start;
      moved[name][i] += h;
      const double above = loss(moved);
      moved[name][i] -= 2 * h;
      differences[i] = (above - loss(moved)) / (2 * h);
    }
    EXPECT_LE(distance(gradient, differences), 1e-7 * std::max(norm(differences), 1e-2)) << name;
  }
}

TEST_P(Penalty, WholeUpdateEqualsCentralDifferences) { expect_central_differences(options()); }

TEST_P(Penalty, WholeUpdateUnderSpectralNormEqualsCentralDifferences) {
  GanOptions gan = options();
  gan.spectral_norm = true;
  expect_central_differences(gan, true);
  gan.spectral_iterations = SpectralIterations::per_step;
  expect_central_differences(gan, true);
}

/// Conditions stand beside the cells: the penalty is on the gradient at the cells alone, spectral norm of the
/// whole first weight.
TEST_P(Penalty, WholeUpdateWithConditionsEqualsCentralDifferences) {
  GanOptions gan = options();
  expect_central_differences(gan, false, {3});
  gan.spectral_norm = true;
  expect_central_differences(gan, true, {3});
}

/// The matrix that makes the products has its gradient from all three passes.
TEST_P(Penalty, WholeUpdateWithProductsOfGenesEqualsCentralDifferences) {
  GanOptions gan = options();
  expect_central_differences(gan, false, {3, 2});
  gan.spectral_norm = true;
  expect_central_differences(gan, true, {3, 2});
}

/// The statistic is taken over the interpolated batch too: gradients of the sum of its logits cross from cell
/// to cell.
TEST_P(Penalty, WholeUpdateWithAMinibatchStatisticEqualsCentralDifferences) {
  GanOptions gan = options();
  gan.minibatch = MinibatchStatistic::deviation;
  expect_central_differences(gan);
  gan.spectral_norm = true;
  expect_central_differences(gan, true, {3});
}

INSTANTIATE_TEST_SUITE_P(EveryCritic, Penalty,
                         ::testing::Combine(::testing::ValuesIn(activations), ::testing::ValuesIn(heads),
                                            ::testing::ValuesIn(normalizations)),
                         case_name);

TEST(CriticUpdate, EveryLossEqualsCentralDifferences) {
  for (GanLoss loss : {GanLoss::bce, GanLoss::wgan, GanLoss::hinge}) {
    for (double weight : {0.0, 0.5}) {
      SCOPED_TRACE(fmt::format("{}, penalty {}", Names<GanLoss>::values[static_cast<int>(loss)], weight));
      GanOptions gan;
      gan.critic = {.hidden = {4, 3},
                    .normalization = NormalizationLayer::none,
                    .activation = Activation::silu,
                    .dropout = {}};
      gan.loss = loss;
      gan.gradient_penalty = {.weight = weight, .target = 1, .on = PenaltyOn::logit};
      expect_central_differences(gan, true);
    }
  }
}

TEST(CriticUpdate, WithoutHiddenLayersEqualsCentralDifferences) {
  for (PenaltyOn on : heads) {
    GanOptions gan;
    gan.critic = {.hidden = {}, .normalization = NormalizationLayer::none, .dropout = {}};
    gan.gradient_penalty = {.weight = 0.5, .target = 1, .on = on};
    expect_central_differences(gan, true);
    expect_central_differences(gan, true, {2});
    expect_central_differences(gan, true, {2, 2});
  }
}

}  // namespace
}  // namespace sparcell::testing
