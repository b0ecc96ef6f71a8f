// What models take from their training cells before the first step.
#include <gtest/gtest.h>

#include <cmath>

#include "train/conditions_run.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t cells = 24, genes = 10;

std::vector<float> tensor(Trainable<float>& model, const std::string& name) {
  for (const NamedTensor& tensor : snapshot(model, false).parameters) {
    if (tensor.name == name) return tensor.values;
  }
  throw InternalError("no tensor {}", name);
}

/// The replay that looks for the first value that is not finite begins again in the model that was trained.
TEST(Start, OfATrainedModelIsThatOfANewOne) {
  for (const LikelihoodType likelihood : {LikelihoodType::mse, LikelihoodType::gaussian}) {
    ModelOptions options = small_model(ModelType::vae);
    options.likelihood = likelihood;
    TrainingRun trained(options, small_cells(cells, genes), split_of(cells, 8)),
        fresh(options, small_cells(cells, genes), split_of(cells, 8));
    trained.run();
    EXPECT_FALSE(
        equal_bits(snapshot(*trained.model, false).parameters, snapshot(*fresh.model, false).parameters));
    for (TrainingRun* run : {&trained, &fresh}) run->model->initialize(), run->model->begin_from({});
    EXPECT_TRUE(
        equal_bits(snapshot(*trained.model, false).parameters, snapshot(*fresh.model, false).parameters));
  }
}

/// e^mean is beyond f64 there.
TEST(Start, OfAHurdleBeginsAtMeansOfAnySize) {
  ModelOptions options = strong_gan();
  options.gan.library = LibraryUse::none;
  Csr<float> x = small_cells(cells, genes, 1.0);
  for (std::size_t k = 0; k < x.values.size(); ++k) x.values[k] = 5000;
  TrainingRun run(options, x, split_of(cells, 8));
  const std::vector<float> bias = tensor(*run.model, "generator.8.bias");
  for (std::int64_t g = 0; g < genes; ++g) EXPECT_NEAR(bias[g], 5000, 1e-3);
  // And at small ones, whose softplus they are.
  for (std::size_t k = 0; k < x.values.size(); ++k) x.values[k] = 0.125;
  TrainingRun small(options, x, split_of(cells, 8));
  EXPECT_NEAR(std::log1p(std::exp(tensor(*small.model, "generator.8.bias")[0])), 0.125, 1e-6);
}

/// What conditions add has no part in principal components, with hidden layers or without.
TEST(Start, FromComponentsSaysTheSameUnderAllConditions) {
  for (const std::vector<std::int64_t>& hidden :
       {std::vector<std::int64_t>{}, std::vector<std::int64_t>{7}}) {
    ModelOptions options = told_model(ModelType::autoencoder, true, 0);
    options.network.hidden = hidden;
    options.network.normalization = NormalizationLayer::none;
    options.skip = true;
    options.start = ModelStart::pca;
    options.latent = 1;
    Context context = test_context(1);
    const DeviceData<float> data(context, small_cells(cells, genes), {}, small_conditions(cells));
    const auto model = make_model<float>(context, options, data, 1);
    model->initialize();
    TrainingStart start = start_with_controls(16);
    start.mean.assign(genes, 0.5);
    start.variance = {4};
    start.components = Matrix<float>(1, genes);
    start.components(0, 3) = 1;
    model->begin_from(start);
    Matrix<float> z(2, 1);
    z.values = {1.5, 1.5};
    const Matrix<float> out = model->decode(z, csr_of<float>({{0, 0, 0, 0}, {1, 0, 0.5, 0}}));
    for (std::int64_t r = 0; r < 2; ++r) {
      for (std::int64_t g = 0; g < genes; ++g) EXPECT_NEAR(out(r, g), g == 3 ? 0.5 + 1.5 * 2 : 0.5, 1e-6);
    }
    // The encoder too: cells of all conditions.
    std::vector<std::int32_t> order(static_cast<std::size_t>(cells));
    std::iota(order.begin(), order.end(), 0);
    const Buffer<std::int32_t> rows(context, order);
    const Matrix<float> latent = model->encode(data, {rows.data(), nullptr, 0, cells});
    const Matrix<double> x = dense(small_cells(cells, genes));
    for (std::int64_t r = 0; r < cells; ++r) EXPECT_NEAR(latent(r, 0), (x(r, 3) - 0.5) / 2, 1e-6);
  }
}

}  // namespace
}  // namespace sparcell::test
