// Against scikit-misc (netlib's dloess): tests/golden/loess.json, made by tools/golden/loess.py.
#include "select/loess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;

TEST(Loess, EqualsDloess) {
  std::ifstream file("tests/golden/loess.json");
  const auto cases = nlohmann::json::parse(file);
  ASSERT_EQ(cases.size(), 4);
  for (const auto& c : cases) {
    const auto x = c["x"].get<std::vector<double>>(), y = c["y"].get<std::vector<double>>();
    const auto expected = c["fitted"].get<std::vector<double>>();
    const std::vector<double> fitted = loess(x, y, c["span"].get<double>());
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(fitted[i], expected[i], 1e-9) << "x = " << x[i];
  }
}

TEST(Loess, ReproducesAQuadratic) {
  std::vector<double> x, y;
  for (int i = 0; i < 101; ++i) {
    x.push_back(0.1 * i - 3);
    y.push_back(2 - x.back() + 0.5 * x.back() * x.back());
  }
  // Between vertices a quadratic is a cubic Hermite polynomial of its values and slopes.
  const std::vector<double> fitted = loess(x, y, 0.3);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(fitted[i], y[i], 1e-10);
}

TEST(Loess, PointsThatDoNotDetermineTheFit) {
  const std::vector<double> few{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_THAT(error_of([&] { loess(few, few, 0.3); }),
              HasSubstr("10 points are too few for a local quadratic"));
  std::vector<double> tied(100, 1.0);
  for (int i = 0; i < 50; ++i) tied[i] = 2.0 + i;
  EXPECT_THAT(error_of([&] { loess(tied, tied, 0.3); }),
              HasSubstr("30 points, a whole neighbourhood, have the same value 1"));
}

}  // namespace
}  // namespace sparcell
