// Where models stand: all verdicts on one question together, for who reads no further than the head of a
// report.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sparcell {

enum class Side { better, undecided, worse, unjudged };  ///< unjudged: a number is not finite

/// Where cells are told from real ones: at this p-value of the permutation test, and below.
inline constexpr double told_apart = 0.05;

/// The side that a verdict's numbers show. Against `split_half` the permutation test decides, where there is
/// one: it is exact, while the interval of a distance is careful near 0 and holds 0 too often.
Side side_of(const std::string& baseline, bool beats, double low, double high, std::optional<double> p_value);

/// A verdict by what it is about.
struct SidedVerdict {
  std::string model;
  std::string group;  ///< of its metric: reconstruction, generation...
  std::string baseline;
  Side side = Side::undecided;
};

/// A model against the baselines of one question. It is better than a baseline where all verdicts say so,
/// worse where some do and none says the contrary.
struct Standing {
  std::string model, group;
  std::vector<std::pair<std::string, Side>> baselines;  ///< in the order of the verdicts; no `split_half`
  std::vector<Side> against_real;                       ///< one, or none: against one half of real cells

  std::vector<std::string> on(Side side) const;  ///< baselines on that side
};

/// In the order in which models and groups come.
std::vector<Standing> standings(std::span<const SidedVerdict> verdicts);

/// What a group is called within a sentence; one that is not known by its own name.
std::string phrase_of_group(const std::string& group);

/// One sentence each for every model: how many baselines it beats on what, and which not.
std::vector<std::string> standing_sentences(std::span<const Standing> all);

}  // namespace sparcell
