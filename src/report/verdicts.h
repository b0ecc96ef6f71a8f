// What the comparison found, in plain sentences.
#pragma once

#include <string>
#include <vector>

#include "evaluate/standing.h"
#include "report/run_folder.h"

namespace sparcell {

using Outcome = Side;

struct VerdictSentence {
  std::string text;
  Outcome outcome = Outcome::undecided;
};

/// One sentence for each verdict of the run, in its order.
std::vector<VerdictSentence> verdict_sentences(const Json& result);

/// All verdicts of a question together, for each model.
std::vector<Standing> standings_of(const Json& result);

/// The run's own headline, or where it has none a sentence for each model that has verdicts: how many
/// baselines it beats on what, and which not.
std::vector<std::string> verdict_summary(const Json& result);

/// That one run is one seed, or over how many seeds several runs go; and what the intervals do not say.
std::string seed_sentence(const Json& result);

/// What a result says of test cells of held-out perturbations; empty where there are none.
std::string held_out_note(const Json& result);

/// That test cells took part in a fit, with what and how many; empty where none did. Every table that they
/// touch - all of them, for what precedes the models - carries the mark.
std::string leakage_note(const Json& result);
inline constexpr const char* leakage_mark = "†";

}  // namespace sparcell
