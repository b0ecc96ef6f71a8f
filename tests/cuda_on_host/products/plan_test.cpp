// Plans of products: their file, how they are measured, and that runs take them or say why not.
#include "cuda/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "cuda_on_host/cublaslt/stand_in.h"
#include "products/operands.h"
#include "sparcell/core/log.h"
#include "support/temporary.h"

namespace sparcell::test {
namespace {

namespace stand_in = cuda_on_host::cublaslt;
using cuda::PlannedProduct;
using cuda::ProductPlan;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// Products of a training step: a sum that is long enough to be split, and one that is not; both at the
/// addresses that vectors need and at others.
struct Step {
  explicit Step(Context& context)
      : products{{{context, 8, 1000, 8},
                  {context, 16, 60, 16},
                  {context, 8, 1000, 8, 1},
                  {context, 40, 30, 70}}} {}

  std::vector<std::vector<float>> take() const {
    std::vector<std::vector<float>> results;
    for (const Operands& operands : products) results.push_back(operands.multiply_in_training());
    return results;
  }

  std::array<Operands, 4> products;
};

struct Plans : testing::Test {
  std::string measured(Precision precision) {
    Emulated context({.precision = precision});
    Step(context).take();
    return measured_plan(context, log);
  }
  /// Writes `text` as the plan, with the first `from` in it replaced.
  std::string written(std::string text, const std::string& from = "", const std::string& to = "") {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    write_bytes(file, text.replace(text.find(from), from.size(), to));
    return file;
  }
  ProductOptions with(Precision precision) const { return {.precision = precision, .plan = file}; }

  TemporaryFolder folder;
  const std::string file = folder / "plan.json";
  std::vector<std::string> lines;
  Log log{[this](Log::Level, const std::string& line) { lines.push_back(line); }};
};

template <class Body>
std::string sentence_of(Body&& body) {
  return error_of(body, ExitCode::usage);
}

ProductPlan some_plan() {
  const cuda::ProductShape shape{.transpose_a = true,
                                 .transpose_b = false,
                                 .m = 3,
                                 .n = 5,
                                 .k = 1'000'000'000'000,
                                 .a_stride = 7,
                                 .b_stride = 8,
                                 .out_stride = 9,
                                 .a_alignment = 4,
                                 .b_alignment = 8,
                                 .out_alignment = 16};
  const cuda::Algorithm algorithm{.id = 66,
                                  .tile = 15,
                                  .stages = 4,
                                  .split_k = 3,
                                  .reduction = 2,
                                  .swizzle = 1,
                                  .custom = 12,
                                  .inner_shape = 6,
                                  .cluster_shape = 65535};
  PlannedProduct other{shape, algorithm, 0.125};
  other.shape.transpose_b = true;
  return {"NVIDIA \"quoted\"", "cuBLASLt 1.2.3", Precision::tf32, {{shape, algorithm, 12.375}, other}};
}

TEST_F(Plans, SurviveTheirFile) {
  written(cuda::text_of(some_plan()));
  EXPECT_EQ(cuda::read_plan(file), some_plan());
  ProductPlan none = some_plan();
  none.products.clear();
  written(cuda::text_of(none));
  EXPECT_EQ(cuda::read_plan(file), none);
}

TEST_F(Plans, AreReadableAndOfOneText) {
  const std::string text = cuda::text_of(some_plan());
  EXPECT_THAT(text, StartsWith("{\n  \"sparcell_product_plan\": 1,\n  \"device\": \"NVIDIA"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10) << text;  // a product a line
  EXPECT_EQ(text, cuda::text_of(some_plan()));
}

TEST_F(Plans, OfWhichSomethingIsDamagedAreRefusedInASentence) {
  const std::string text = cuda::text_of(some_plan());
  const std::vector<std::array<std::string, 3>> cases{
      {text, "", "it is not JSON with a key sparcell_product_plan"},
      {"{", "[", "it is not JSON"},
      {"_plan\": 1", "_plan\": 2", "it has version 2 of the format, this program reads version 1"},
      {"device", "dvice", "it has no text 'device'"},
      {"\"tf32\"", "\"f64\"", "its precision is 'f64'"},
      {"\"products\"", "\"product\"", "it has no list 'products'"},
      {"\"m\":3,", "", "its product 1: it has no key m"},
      {"\"m\":3", "\"m\":0", "its product 1: m is 0, expected a whole number from 1 on"},
      {"\"m\":3", "\"m\":3.5", "its product 1: m is 3.5"},
      {"\"m\":3", "\"m\":3,\"o\":1", "its product 1: it has 22 keys, expected 21"},
      {"\"transpose_a\":true", "\"transpose_a\":1", "transpose_a is 1, expected true or false"},
      {"\"cluster_shape\":65535", "\"cluster_shape\":65536", "cluster_shape is 65536"},
      {"\"microseconds\":12.375", "\"microseconds\":-1", "microseconds is -1, expected a time"},
      {"\"reduction\":2", "\"reduction\":1", "reduction 1 adds in any order"},
      {"\"transpose_b\":false", "\"transpose_b\":true", "its product 2 stands there twice"}};
  for (const auto& [from, to, sentence] : cases) {
    written(text, from, to);
    EXPECT_THAT(sentence_of([&] { cuda::read_plan(file); }),
                AllOf(StartsWith("products.plan: " + file + " is damaged: "), HasSubstr(sentence),
                      HasSubstr("sparcell tune")));
  }
  EXPECT_THAT(sentence_of([&] { cuda::read_plan(folder / "none.json"); }),
              HasSubstr("none.json cannot be read"));
}

/// What the stand-in has for a product, seen through its own description.
stand_in::Problem problem_of(const cuda::ProductShape& p, cublasComputeType_t compute) {
  const auto layout = [](std::int64_t rows, std::int64_t cols, std::int64_t stride) {
    return stand_in::Layout{CUDA_R_32F, rows, cols, stride};
  };
  const stand_in::Layout out = layout(p.n, p.m, p.out_stride);
  return {{.compute = compute}, layout(p.n, p.k, p.b_stride), layout(p.k, p.m, p.a_stride), out, out};
}

TEST_F(Plans, HoldTheFastestOfTheAlgorithmsWithEqualBits) {
  written(measured(Precision::tf32));
  const ProductPlan plan = cuda::read_plan(file);
  EXPECT_EQ(plan.device, "emulated GPU");
  EXPECT_EQ(plan.library, cuda::product_library());
  EXPECT_EQ(plan.precision, Precision::tf32);
  ASSERT_EQ(plan.products.size(), 4);
  int split = 0;
  for (const PlannedProduct& product : plan.products) {
    const auto problem = problem_of(product.shape, CUBLAS_COMPUTE_32F_FAST_TF32);
    stand_in::Preference preference{.scratch_bytes = 1 << 25,
                                    .reductions = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE};
    preference.alignments[0] = static_cast<std::uint32_t>(product.shape.b_alignment);
    preference.alignments[1] = static_cast<std::uint32_t>(product.shape.a_alignment);
    double fastest = 1e9;
    stand_in::Choice best;
    for (const stand_in::Choice& choice : stand_in::choices(problem, preference)) {
      if (stand_in::microseconds(choice, problem) >= fastest) continue;
      fastest = stand_in::microseconds(choice, problem);
      best = choice;
    }
    SCOPED_TRACE(text_of(product.shape));
    EXPECT_EQ(product.algorithm.id, best.id);
    EXPECT_EQ(product.algorithm.split_k, best.split_k);
    EXPECT_EQ(product.algorithm.reduction, best.reduction);
    EXPECT_EQ(product.algorithm.tile, best.tile);
    EXPECT_EQ(product.algorithm.stages, best.stages);
    EXPECT_NEAR(product.microseconds, fastest, 1e-3);
    if (best.split_k > 1) ++split;
  }
  EXPECT_EQ(split, 2);  // the long sums
  EXPECT_THAT(lines.back(), StartsWith("tune: each of the 4 products once: "));
}

TEST_F(Plans, AreMeasuredEquallyTwice) { EXPECT_EQ(measured(Precision::bf16), measured(Precision::bf16)); }

TEST_F(Plans, DecideTheBitsOfTrainingStepsAlone) {
  for (Precision precision : {Precision::f32, Precision::tf32, Precision::bf16}) {
    written(measured(precision));
    Emulated planned(with(precision)), again(with(precision)), by_heuristic({.precision = precision});
    const Step step(planned);
    const auto results = step.take();
    EXPECT_EQ(Step(again).take(), results);
    EXPECT_NE(Step(by_heuristic).take(), results);
    EXPECT_EQ(step.products[0].multiply(), Operands(by_heuristic, 8, 1000, 8).multiply());
    EXPECT_NO_THROW(Operands(planned, 5, 6, 7).multiply());  // no shape of a step
  }
}

TEST_F(Plans, RefuseWhatTheyAreNotFor) {
  const std::string text = measured(Precision::f32);
  const auto refused = [&](const std::string& from, const std::string& to) {
    written(text, from, to);
    return sentence_of([&] { Emulated refusing(with(Precision::f32)); });
  };
  EXPECT_EQ(refused("", ""), "no error");
  EXPECT_THAT(
      refused("emulated GPU", "NVIDIA H200"),
      HasSubstr("plan.json was made for the GPU NVIDIA H200, here it is emulated GPU; make one here with "
                "sparcell tune, or use products.plan: heuristic"));
  EXPECT_THAT(refused(cuda::product_library(), "cuBLASLt 12.0.0"),
              HasSubstr("the library cuBLASLt 12.0.0, here"));
  EXPECT_THAT(refused("\"f32\"", "\"bf16\""), HasSubstr("the precision bf16, here it is f32"));

  written(text);
  Emulated context(with(Precision::f32));
  EXPECT_THAT(sentence_of([&] { Operands(context, 5, 6, 7).multiply_in_training(); }),
              HasSubstr("plan.json lacks the product 5 x 6 times 6 x 7 of this experiment's steps"));
  EXPECT_THAT(sentence_of([&] { Operands(context, 16, 60, 16, 1).multiply_in_training(); }),
              HasSubstr("lacks the product 16 x 60"));  // at addresses that it does not have it for
}

TEST_F(Plans, WithAnAlgorithmThatTheLibraryDoesNotTakeAreRefused) {
  const std::string text = measured(Precision::f32);
  const std::vector<std::pair<std::string, std::string>> changes{
      {"\"algorithm\":11", "\"algorithm\":12"},    // there is none
      {"\"tile\":11", "\"tile\":99"},              // it has no such tile
      {"\"inner_shape\":0", "\"inner_shape\":1"},  // nor this choice at all
      {"\"split_k\":8", "\"split_k\":2000"}};      // more parts than terms
  for (const auto& [from, to] : changes) {
    std::string changed = text;
    for (auto at = changed.find(from); at != std::string::npos; at = changed.find(from, at + 1))
      changed.replace(at, from.size(), to);
    ASSERT_NE(changed, text) << from;
    written(changed);
    Emulated context(with(Precision::f32));
    EXPECT_THAT(sentence_of([&] { Step(context).take(); }),
                AllOf(HasSubstr("does not take algorithm"), HasSubstr("as it stands there for the product")))
        << to;
  }
}

}  // namespace
}  // namespace sparcell::test
