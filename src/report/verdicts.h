// What the comparison found, in plain sentences.
#pragma once

#include <string>
#include <vector>

#include "report/run_folder.h"

namespace sparcell {

enum class Outcome { better, undecided, worse, unjudged };  ///< unjudged: a number is not finite

struct VerdictSentence {
  std::string text;
  Outcome outcome = Outcome::undecided;
};

/// One sentence for each verdict of the run, in its order.
std::vector<VerdictSentence> verdict_sentences(const Json& result);

/// A sentence for each model that has verdicts: whom it beats on what, and whom not.
std::vector<std::string> verdict_summary(const Json& result);

/// That one run is one seed, and what the intervals therefore do not say.
std::string seed_sentence(const Json& result);

}  // namespace sparcell
