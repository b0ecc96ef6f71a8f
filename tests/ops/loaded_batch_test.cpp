#include "sparcell/ops/loaded_batch.h"

#include <limits>

#include "ops/layer_device.h"
#include "ops/mixing.h"

namespace sparcell {
namespace {

template <class T>
struct LoadedBatches : test::OpTest<T> {};
TYPED_TEST_SUITE(LoadedBatches, test::Scalars);

/// With what genes are standardized; empty: with nothing.
struct Standard {
  std::vector<double> mean, inverse_scale;

  Standard(std::int64_t genes, bool standardized)
      : mean(test::random_values(standardized ? genes : 0, 5)),
        inverse_scale(test::random_values(standardized ? genes : 0, 6)) {}

  Matrix<double> of(Matrix<double> x) const {
    if (mean.empty()) return x;
    for (std::int64_t i = 0; i < x.rows; ++i) {
      for (std::int64_t g = 0; g < x.cols; ++g) {
        const auto gene = static_cast<std::size_t>(g);
        x(i, g) = (x(i, g) - mean[gene]) * inverse_scale[gene];
      }
    }
    return x;
  }
};

/// How cells are mixed; by default not at all.
struct MixedWith {
  double probability = 0;
  Matrix<double> reference{};
};

/// All cells in their order, loaded.
template <class T>
class Batch {
 public:
  Batch(Context& context, const Csr<double>& x, const Standard& standard, const MixedWith& mixed = {})
      : values_(context, x.rows, x.cols),
        mean_(context, standard.mean),
        inverse_scale_(context, standard.inverse_scale),
        room_(context, loaded_room<T>(x.rows, x.cols)) {
    const test::DeviceCsr<T> cells(context, x);
    const test::DeviceGenes<T> genes(context, mixed.reference);
    std::vector<std::int32_t> order;
    for (std::int64_t r = 0; r < x.rows; ++r) order.push_back(static_cast<std::int32_t>(r));
    const test::DeviceBatch rows(context, order);
    load_batch<T>(context, cells, rows, test::mixing(genes.view(), mixed.probability), view());
  }
  LoadedBatch<T> view() const {
    return {values_, {mean_, inverse_scale_}, reinterpret_cast<std::byte*>(room_.data())};
  }
  Matrix<T> values() const { return values_.to_host(); }

 private:
  test::DeviceMatrix<T> values_;
  test::DeviceArray<T> mean_, inverse_scale_;
  test::DeviceArray<std::uint8_t> room_;
};

/// Small counts, with empty cells and genes.
Csr<double> some_counts(std::int64_t cells, std::int64_t genes, double density = 0.2) {
  return test::random_counts<double>(cells, genes, density, 1);
}

/// Sums of at most 257 standardized counts below 20, times numbers below 2.
constexpr double magnitude = 1000;

/// seen weight, added to what was before.
Matrix<double> product(const Matrix<double>& seen, const Matrix<double>& weight, Matrix<double> before) {
  for (std::int64_t i = 0; i < seen.rows; ++i) {
    for (std::int64_t g = 0; g < seen.cols; ++g) {
      for (std::int64_t h = 0; h < weight.cols; ++h) before(i, h) += seen(i, g) * weight(g, h);
    }
  }
  return before;
}

/// seen^T grad_out, added to what was before.
Matrix<double> transposed_product(const Matrix<double>& seen, const Matrix<double>& grad_out,
                                  Matrix<double> before) {
  for (std::int64_t i = 0; i < seen.rows; ++i) {
    for (std::int64_t g = 0; g < seen.cols; ++g) {
      for (std::int64_t h = 0; h < grad_out.cols; ++h) before(g, h) += seen(i, g) * grad_out(i, h);
    }
  }
  return before;
}

template <class T>
Matrix<T> linear_of(Context& context, const LoadedBatch<T>& batch, const Matrix<double>& weight,
                    bool accumulate, const Matrix<double>& before) {
  const test::DeviceMatrix<T> w(context, weight), out(context, before);
  loaded_linear<T>(context, batch, w, accumulate, out);
  return out.to_host();
}

template <class T>
Matrix<T> weight_gradient_of(Context& context, const LoadedBatch<T>& batch, const Matrix<double>& grad_out,
                             const Matrix<double>& before) {
  const test::DeviceMatrix<T> g(context, grad_out), grad_weight(context, before);
  loaded_linear_weight_gradient<T>(context, batch, g, grad_weight);
  return grad_weight.to_host();
}

TYPED_TEST(LoadedBatches, HaveTheCellsValuesMixedByTheDefinition) {
  for (const std::int64_t genes : test::edge_sizes) {
    for (const bool standardized : {false, true}) {
      SCOPED_TRACE(fmt::format("{} genes, standardized: {}", genes, standardized));
      Context context = test::test_context(2);
      const Csr<double> x = some_counts(23, genes);
      const Standard standard(genes, standardized);
      const MixedWith mixed{0.6, test::dense(test::random_counts<double>(41, genes, 0.3, 2))};
      test::expect_near(Batch<TypeParam>(context, x, standard).values(), test::dense(x), 0);
      test::expect_near(Batch<TypeParam>(context, x, standard, mixed).values(),
                        test::mixed_by_definition(x, mixed.reference, 0.6), 0);
    }
  }
}

/// Products of mixed cells, as they are seen and as they are.
template <class T>
void check_product(std::int64_t cells, std::int64_t genes, std::int64_t width, double density,
                   bool standardized) {
  SCOPED_TRACE(
      fmt::format("{} x {} to {}, {} full, standardized: {}", cells, genes, width, density, standardized));
  const Standard standard(genes, standardized);
  const Csr<double> x = some_counts(cells, genes, density);
  const MixedWith mixed{0.3, test::dense(test::random_counts<double>(41, genes, density, 2))};
  const Matrix<double> values = test::mixed_by_definition(x, mixed.reference, 0.3),
                       weight = test::random_matrix(genes, width, 2),
                       before = test::random_matrix(cells, width, 3), nothing(cells, width);
  const double tolerance = test::long_sums.of<T>();
  for (const int threads : {1, 2}) {
    Context context = test::test_context(threads);
    const Batch<T> batch(context, x, standard, mixed);
    const auto linear = [&](const LoadedBatch<T>& of, bool accumulate) {
      return linear_of(context, of, weight, accumulate, before);
    };
    const Matrix<double> seen = standard.of(values);
    test::expect_near(linear(batch.view(), false), product(seen, weight, nothing), tolerance, magnitude);
    test::expect_near(linear(batch.view(), true), product(seen, weight, before), tolerance, magnitude);
    test::expect_near(linear(batch.view().as_is(), true), product(values, weight, before), tolerance,
                      magnitude);
  }
}

TYPED_TEST(LoadedBatches, ProductIsThatOfWhatIsSeen) {
  for (const bool standardized : {false, true}) {
    for (const std::int64_t width : {1, 10, 15, 16, 17, 63, 64, 65, 90, 256})
      check_product<TypeParam>(33, 65, width, 0.2, standardized);
    for (const std::int64_t genes : {1, 31, 33, 64, 257}) {
      for (const std::int64_t cells : {1, 33, 257})
        check_product<TypeParam>(cells, genes, 17, 0.2, standardized);
    }
    for (const double density : {0.0, 1.0}) check_product<TypeParam>(33, 65, 17, density, standardized);
  }
}

template <class T>
void check_weight_gradient(std::int64_t cells, std::int64_t width, bool standardized) {
  SCOPED_TRACE(fmt::format("{} cells, {} outputs, standardized: {}", cells, width, standardized));
  const std::int64_t genes = 65;
  const Standard standard(genes, standardized);
  const Csr<double> x = some_counts(cells, genes);
  const Matrix<double> values = test::dense(x), grad_out = test::random_matrix(cells, width, 3),
                       before = test::random_matrix(genes, width, 4);
  for (const int threads : {1, 2}) {
    Context context = test::test_context(threads);
    const Batch<T> batch(context, x, standard);
    test::expect_near(weight_gradient_of(context, batch.view(), grad_out, before),
                      transposed_product(standard.of(values), grad_out, before), test::long_sums.of<T>(),
                      magnitude);
    test::expect_near(weight_gradient_of(context, batch.view().as_is(), grad_out, before),
                      transposed_product(values, grad_out, before), test::long_sums.of<T>(), magnitude);
  }
}

TYPED_TEST(LoadedBatches, WeightGradientIsThatOfWhatIsSeenAndAccumulates) {
  for (const std::int64_t width : {1, 10, 16, 17, 64, 65, 90}) {
    for (const std::int64_t cells : {1, 33, 257}) {
      for (const bool standardized : {false, true})
        check_weight_gradient<TypeParam>(cells, width, standardized);
    }
  }
}

/// A whole layer: the product by its definition, the rest as tests of ops/layer have it.
template <class T>
void check_layer(std::int64_t cells, std::int64_t genes, std::int64_t width,
                 NormalizationLayer normalization) {
  SCOPED_TRACE(
      fmt::format("{} x {} to {}, normalization {}", cells, genes, width, static_cast<int>(normalization)));
  LayerForm form;
  form.normalization = normalization;
  form.activation = Activation::silu;
  form.dropout = 0.3;
  const Standard standard(genes, true);
  const Csr<double> x = some_counts(cells, genes);
  Matrix<double> weight = test::random_matrix(genes, width, 22);
  for (double& value : weight.values) value /= 10 * std::sqrt(static_cast<double>(genes));  // sums of about 1
  test::LayerReference reference(form, 0.625, cells, width);
  reference.linear = product(standard.of(test::dense(x)), weight, Matrix<double>(cells, width));
  test::DeviceLayer<T> layer(2, reference);
  const Batch<T> batch(layer.context, x, standard);
  const test::DeviceMatrix<T> w(layer.context, weight), linear(layer.context, cells, width);
  const LayerPass<T> pass = layer.pass();
  loaded_linear_forward<T>(layer.context, form, layer.parameters(),
                           {layer.running_mean, layer.running_variance}, {&pass, 1}, batch.view(), w, linear,
                           layer.out);
  // As of ops/linear: statistics of nearly equal rows divide by what rounding has left of their difference.
  const double tolerance = 50 * test::long_sums.of<T>();
  test::expect_near(layer.out.to_host(), reference.forward(), tolerance);
  Matrix<double> a(cells, width);
  std::vector<double> running = reference.running_mean;
  for (std::int64_t c = 0; c < width; ++c) {
    for (std::int64_t r = 0; r < cells; ++r) a(r, c) = reference.a(r, c);
    if (normalization != NormalizationLayer::batch) continue;
    auto& mean = running[static_cast<std::size_t>(c)];
    mean = 0.9 * mean + 0.1 * reference.column_statistics(c).mean;
  }
  test::expect_near(linear.to_host(), a, tolerance);
  test::expect_near(layer.running_mean.to_host(), running, tolerance);
}

TYPED_TEST(LoadedBatches, LayerIsTheFormula) {
  for (NormalizationLayer normalization :
       {NormalizationLayer::none, NormalizationLayer::batch, NormalizationLayer::layer}) {
    check_layer<TypeParam>(2, 1, 1, normalization);
    check_layer<TypeParam>(9, 33, 5, normalization);
    check_layer<TypeParam>(128, 64, 8, normalization);
    check_layer<TypeParam>(130, 515, 7, normalization);  // a product that is cut into parts
    check_layer<TypeParam>(257, 40, 4, normalization);   // more rows, more terms and more features than a
    check_layer<TypeParam>(7, 1030, 3, normalization);   // GPU computes at once
    check_layer<TypeParam>(100, 5, 541, normalization);
  }
}

TYPED_TEST(LoadedBatches, OfNoCellsOrGenesIsNothing) {
  Context context = test::test_context();
  const Standard standard(5, true), none(0, false);
  const Matrix<double> weight = test::random_matrix(5, 7, 1);
  Csr<double> no_cells, no_genes;
  no_cells.cols = 5, no_cells.offsets = {0};
  no_genes.rows = 2, no_genes.offsets = {0, 0, 0};
  const Batch<TypeParam> cells(context, no_cells, standard), genes(context, no_genes, none);
  EXPECT_EQ(linear_of(context, cells.view(), weight, false, {0, 7}).rows, 0);
  test::expect_near(weight_gradient_of(context, cells.view(), {0, 7}, weight), weight, 0);
  EXPECT_THROW(linear_of(context, genes.view(), {0, 7}, false, {2, 7}), InternalError);
}

TYPED_TEST(LoadedBatches, KeepWhatIsNotANumber) {
  Context context = test::test_context();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Batch<TypeParam> batch(context, test::csr_of<double>({{0, 2, 0}, {1, nan, 0}}), Standard(3, false));
  const Matrix<TypeParam> out =
      linear_of(context, batch.view(), test::random_matrix(3, 4, 1), false, Matrix<double>(2, 4));
  for (std::int64_t h = 0; h < 4; ++h) {
    EXPECT_FALSE(std::isnan(out(0, h)));
    EXPECT_TRUE(std::isnan(out(1, h)));
  }
}

TYPED_TEST(LoadedBatches, RefuseWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const Batch<T> batch(context, some_counts(2, 3), Standard(3, true));
  const LoadedBatch<T> x = batch.view();
  const test::DeviceMatrix<T> two_by_three(context, 2, 3), two_by_four(context, 2, 4),
      three_by_four(context, test::random_matrix(3, 4, 1));
  const auto with = [&](auto&& change) {
    LoadedBatch<T> changed = x;
    change(changed);
    return changed;
  };
  const LoadedBatch<T> wrong[] = {
      with([](auto& b) { b.standardization.mean = b.standardization.mean.first(2); }),
      with([](auto& b) { b.standardization.inverse_scale = {}; }), with([](auto& b) { b.room = nullptr; })};

  const test::DeviceCsr<T> cells(context, some_counts(2, 3));
  const test::DeviceBatch rows(context, {0, 1}), three_rows(context, {0, 1, 0});
  const auto load = [&](const BatchRows& of, double probability, const LoadedBatch<T>& to) {
    load_batch<T>(context, cells, of, test::mixing<T>({}, probability), to);
  };
  EXPECT_NO_THROW(load(rows, 0, x));
  EXPECT_THROW(load(three_rows, 0, x), InternalError);
  EXPECT_THROW(load(rows, 0.5, x), InternalError);  // no cells to take values from
  EXPECT_THROW(load(rows, 1.5, x), InternalError);
  for (const LoadedBatch<T>& to : wrong) EXPECT_THROW(load(rows, 0, to), InternalError);

  const auto linear = [&](const LoadedBatch<T>& of, MatrixView<const T> weight, MatrixView<T> out) {
    loaded_linear<T>(context, of, weight, false, out);
  };
  EXPECT_NO_THROW(linear(x, three_by_four, two_by_four));
  EXPECT_THROW(linear(x, two_by_four, two_by_four), InternalError);
  EXPECT_THROW(linear(x, three_by_four, three_by_four), InternalError);
  EXPECT_THROW(linear(x, three_by_four, two_by_three), InternalError);
  for (const LoadedBatch<T>& of : wrong) EXPECT_THROW(linear(of, three_by_four, two_by_four), InternalError);

  const auto gradient = [&](MatrixView<const T> grad_out, MatrixView<T> to) {
    loaded_linear_weight_gradient<T>(context, x, grad_out, to);
  };
  EXPECT_THROW(gradient(two_by_four, two_by_four), InternalError);
  EXPECT_THROW(gradient(three_by_four, three_by_four), InternalError);
  EXPECT_THROW(gradient(two_by_three, three_by_four), InternalError);

  const LayerPass<T> all{.rows = 2};
  EXPECT_THROW(loaded_linear_forward<T>(context, LayerForm{}, {}, {}, {&all, 1}, x, two_by_four, two_by_four,
                                        two_by_four),
               InternalError);
}

}  // namespace
}  // namespace sparcell
