// The name that a mistyped one stands for.
#include "core/nearest.h"

#include <gtest/gtest.h>

namespace sparcell {
namespace {

TEST(Nearest, IsTheNameWithTheFewestEdits) {
  EXPECT_EQ(nearest("epocs", {"epochs", "batch"}), "epochs");        // an insertion
  EXPECT_EQ(nearest("epochss", {"epochs", "batch"}), "epochs");      // a deletion
  EXPECT_EQ(nearest("epoxhs", {"batch", "epochs"}), "epochs");       // a replacement
  EXPECT_EQ(nearest("epcohs", {"batch", "epochs"}), "epochs");       // a swap of neighbours
  EXPECT_EQ(nearest("KLF2", {"KLF10", "KLF1", "MAP2K6"}), "KLF1");   // one edit, the other takes two
  EXPECT_EQ(nearest("layers/count", {"X", "layers/counts"}), "layers/counts");
}

/// A mouse's gene names begin with one capital letter, a human's are all capital.
TEST(Nearest, PrefersTheSameNameInOtherCapitals) {
  EXPECT_EQ(nearest("klf1", {"KLF10", "KLF1"}), "KLF1");
  EXPECT_EQ(nearest("Cebpa", {"CEBPA", "Cebpb"}), "CEBPA");
}

TEST(Nearest, TakesABeginningWhereEditsAreMany) {
  EXPECT_EQ(nearest("learn", {"batch", "learning_rate"}), "learning_rate");
  EXPECT_EQ(nearest("le", {"batch", "learning_rate"}), "") << "of two letters many names begin";
}

TEST(Nearest, IsNoneWhereNoNameIsClose) {
  EXPECT_EQ(nearest("drug", {"perturbation", "nperts"}), "");
  EXPECT_EQ(nearest("3", {"1", "2"}), "");
  EXPECT_EQ(nearest("epochs", {}), "");
}

TEST(DidYouMean, IsTheEndOfASentenceOrNothing) {
  EXPECT_EQ(did_you_mean("KLF", {"KLF1"}), "; did you mean 'KLF1'?");
  EXPECT_EQ(did_you_mean("drug", {"perturbation"}), "");
  EXPECT_EQ(did_you_mean("KLF1", {"KLF1"}), "") << "a name that is known, and of no use here";
}

}  // namespace
}  // namespace sparcell
