// Philox against the published vectors of Random123 (kat_vectors), and what is drawn from it.
#include "sparcell/ops/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "cpu/dropout.h"
#include "math/activation.h"
#include "math/philox.h"
#include "ops/op_test.h"

namespace sparcell {
namespace {

void expect_block(math::PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1,
                  math::PhiloxBlock expected) {
  const math::PhiloxBlock got = math::philox(counter, key0, key1);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(got.word[i], expected.word[i]) << "word " << i;
}

TEST(Philox, EqualsThePublishedVectors) {
  expect_block({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expect_block({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff,
               {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect_block({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
               {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

std::vector<float> normals(std::int64_t size, int threads, RandomStream stream) {
  Context context = test::test_context(threads);
  const test::DeviceArray<float> out(context, size);
  fill_normal<float>(context, stream, 1.0f, out);
  return out.to_host();
}

/// Element i of a stream as sparcell/core/random.h defines it.
float normal_element(const RandomStream& stream, std::uint64_t i) {
  const math::PhiloxBlock block = math::PhiloxStream(stream).block(i / 4);
  const std::uint64_t pair = i % 4 / 2 * 2;
  float first, second;
  math::normal_pair(block.word[pair], block.word[pair + 1], first, second);
  return i % 2 == 0 ? first : second;
}

TEST(Random, ElementsAreTheStreamsWhateverThreadsLengthAndAlignment) {
  const RandomStream stream(42, Purpose::latent, 3, nullptr, 7);
  for (std::int64_t size : test::edge_sizes) {
    for (std::int64_t skipped : {0, 1, 3}) {
      Context context = test::test_context(2);
      const test::DeviceArray<float> memory(context,
                                            std::vector<float>(static_cast<std::size_t>(size + skipped), 1));
      const std::span<float> out = memory.span().subspan(skipped);
      add_normal<float>(context, stream, 0.5f, out);
      const std::vector<float> added = memory.to_host();
      fill_normal<float>(context, stream, 2.0f, out);
      const std::vector<float> filled = memory.to_host();
      fill_uniform<float>(context, stream, -1.0f, 0.5f, out);
      const std::vector<float> uniforms = memory.to_host();
      for (std::int64_t i = 0; i < size; ++i) {
        const auto element = static_cast<std::uint64_t>(i);
        const float normal = normal_element(stream, element);
        const auto uniform = math::uniform<float>(math::PhiloxStream(stream).word(element));
        ASSERT_EQ(added[i + skipped], 1.0f + 0.5f * normal) << i << " of " << size;
        ASSERT_EQ(filled[i + skipped], 2.0f * normal) << i << " of " << size;
        ASSERT_EQ(uniforms[i + skipped], std::fma(1.5f, uniform, -1.0f)) << i << " of " << size;
      }
      for (std::int64_t i = 0; i < skipped; ++i) ASSERT_EQ(uniforms[i], 1.0f);
    }
  }
}

template <std::int64_t count>
void expect_words(const math::PhiloxStream& stream, std::uint64_t first) {
  const cpu::StreamWords<count> words(stream, first);
  for (std::uint64_t i = 0; i < count; ++i)
    ASSERT_EQ(words.begin()[i], stream.word(first + i)) << count << " words from " << first << ", word " << i;
}

TEST(Random, ManyWordsAtOnceAreTheStreams) {
  const std::uint64_t blocks = std::uint64_t{1} << 32;  // from there on another word of the counter counts
  const math::PhiloxStream stream(RandomStream(0xfedcba9876543210, Purpose::dropout, 5, nullptr, 1LL << 40));
  for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4 * 1009 + 3},
                                    4 * blocks - 128, 4 * blocks - 6, 4 * blocks}) {
    expect_words<cpu::short_tile>(stream, first);
    expect_words<cpu::long_tile>(stream, first);
  }
}

TEST(Random, WhatDropoutKeepsIsWhatItsUniformNumbersSay) {
  const auto expect = [](auto probability) {
    using T = decltype(probability);
    const std::int32_t least = cpu::least_uniform(probability);
    for (const std::int32_t number : {0, least - 1, least, (1 << 23) - 1}) {
      const auto word = static_cast<std::uint32_t>(number) << 9;
      if (number < 0 || number >= 1 << 23) continue;
      EXPECT_EQ(number >= least, math::uniform<T>(word) >= probability) << probability << ", " << number;
      EXPECT_EQ(number >= least, math::uniform<T>(word | 511) >= probability)
          << probability << ", " << number;
    }
  };
  for (const double probability : {1e-9, 0.1, 0.2, 0.25, 0.5, 1.5 / (1 << 23), 0.9, 1 - 1e-9}) {
    expect(probability);
    expect(static_cast<float>(probability));
  }
}

TEST(Random, StreamsOfOtherSeedPurposeIndexAndStepDiffer) {
  Context context = test::test_context();
  const test::DeviceArray<std::int64_t> one(context, std::vector<std::int64_t>{1});
  const auto base = normals(64, 1, RandomStream(1, Purpose::latent));
  EXPECT_NE(base, normals(64, 1, RandomStream(2, Purpose::latent)));
  EXPECT_NE(base, normals(64, 1, RandomStream(1, Purpose::dropout)));
  EXPECT_NE(base, normals(64, 1, RandomStream(1, Purpose::latent, 1)));
  EXPECT_NE(base, normals(64, 1, RandomStream(1, Purpose::latent, 0, one.data())));
  EXPECT_EQ(normals(64, 1, RandomStream(1, Purpose::latent, 0, one.data())),
            normals(64, 1, RandomStream(1, Purpose::latent, 0, nullptr, 1)));
}

TEST(Random, NormalsHaveTheMomentsOfANormal) {
  const auto x = normals(400000, 2, RandomStream(7, Purpose::latent));
  double moments[4] = {};
  for (double v : x) {
    for (int p = 0; p < 4; ++p) moments[p] += std::pow(v, p + 1) / static_cast<double>(x.size());
  }
  // Four standard errors of each sample moment.
  EXPECT_NEAR(moments[0], 0, 4 / std::sqrt(400000.0));
  EXPECT_NEAR(moments[1], 1, 4 * std::sqrt(2 / 400000.0));
  EXPECT_NEAR(moments[2], 0, 4 * std::sqrt(15 / 400000.0));
  EXPECT_NEAR(moments[3], 3, 4 * std::sqrt(96 / 400000.0));
}

TEST(Random, SingleAndDoublePrecisionAgree) {
  const RandomStream stream(3, Purpose::instance_noise);
  const auto single = normals(10000, 1, stream);
  Context context;  // f64 is the CPU's alone
  std::vector<double> twice(10000);
  fill_normal<double>(context, stream, 1.0, twice);
  for (std::size_t i = 0; i < single.size(); ++i) ASSERT_NEAR(single[i], twice[i], 2e-6);
}

TEST(Random, UniformsCoverTheIntervalWithoutItsEnds) {
  Context context = test::test_context();
  const test::DeviceArray<float> drawn(context, 100000);
  fill_uniform<float>(context, RandomStream(1, Purpose::initialization), -2.0f, 3.0f, drawn);
  const std::vector<float> out = drawn.to_host();
  const auto [low, high] = std::minmax_element(out.begin(), out.end());
  EXPECT_GT(*low, -2.0f);
  EXPECT_LT(*high, 3.0f);
  EXPECT_NEAR(*low, -2.0f, 1e-3);
  EXPECT_NEAR(*high, 3.0f, 1e-3);
}

TEST(Elementary, ActivationsKeepTheirDigitsNearZero) {
  for (float size = 1e-30f; size < 80; size *= 1.37f) {
    for (const float x : {size, -size}) {
      const auto exact = static_cast<double>(x);
      ASSERT_NEAR(math::Tanh{}.value(x) / std::tanh(exact), 1.0, 5e-7) << x;
      ASSERT_NEAR(math::Elu{}.value(x) / (x > 0 ? exact : std::expm1(exact)), 1.0, 4e-7) << x;
    }
  }
  EXPECT_EQ(math::Tanh{}.value(0.0f), 0.0f);
  EXPECT_EQ(math::Tanh{}.value(-std::numeric_limits<float>::infinity()), -1.0f);
  EXPECT_TRUE(std::isnan(math::Tanh{}.value(std::nanf(""))));
  EXPECT_TRUE(std::isnan(math::Elu{}.value(std::nanf(""))));
}

/// The functions of a range that the caller knows.
TEST(Elementary, WithinARangeHasTheBitsOfTheWhole) {
  for (int i = -873000; i <= 873000; i += 7) {
    const float x = static_cast<float>(i) * 1e-4f;
    ASSERT_EQ(math::exp_within(x), math::exp(x)) << x;
    const float y = math::exp(x);
    ASSERT_EQ(math::log1p_within(y), math::log1p(y)) << y;
    if (y < 1) {
      ASSERT_EQ(math::log1p_within(-y), math::log1p(-y)) << y;
    }
  }
}

TEST(Elementary, IsAsExactAsStated) {
  for (int i = -8700; i <= 8870; ++i) {
    const float x = static_cast<float>(i) * 0.01f;
    const double exact = std::exp(static_cast<double>(x));
    ASSERT_NEAR(math::exp(x) / exact, 1.0, 1.8e-7) << x;
    ASSERT_NEAR(math::expm1(x > 88.3f ? 0.0f : x), std::expm1(x > 88.3f ? 0.0 : static_cast<double>(x)),
                3e-7 * std::abs(std::expm1(static_cast<double>(x))))
        << x;
    const auto y = static_cast<float>(exact);
    ASSERT_NEAR(math::log(y), std::log(static_cast<double>(y)),
                1.2e-7 * std::max(1.0, std::abs(std::log(exact))))
        << y;
    if (y < 1e38f) {
      ASSERT_NEAR(math::log1p(y) / std::log1p(static_cast<double>(y)), 1.0, 2e-7) << y;
    }
  }
  for (int i = 0; i <= 10000; ++i) {
    const float t = static_cast<float>(i) * 1e-4f;
    float sine, cosine;
    math::sincos_2pi(t, sine, cosine);
    ASSERT_NEAR(sine, std::sin(2 * M_PI * t), 2e-7) << t;
    ASSERT_NEAR(cosine, std::cos(2 * M_PI * t), 2e-7) << t;
  }
  for (int i = 1; i < 10000; ++i) {
    const float x = static_cast<float>(i) * -1e-4f;
    ASSERT_NEAR(math::log1p(x) / std::log1p(static_cast<double>(x)), 1.0, 2e-7) << x;
  }
  EXPECT_EQ(math::log1p(-1.0f), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isinf(math::log1p(std::numeric_limits<float>::infinity())));
  EXPECT_TRUE(std::isnan(math::log1p(-1.5f)));
  EXPECT_EQ(math::exp(-100.0f), 0.0f);
  EXPECT_TRUE(std::isinf(math::exp(100.0f)));
  EXPECT_TRUE(std::isnan(math::exp(NAN)));
  EXPECT_TRUE(std::isnan(math::log(-1.0f)));
  EXPECT_TRUE(std::isinf(math::log(0.0f)));
}

}  // namespace
}  // namespace sparcell
