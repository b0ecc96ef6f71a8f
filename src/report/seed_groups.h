// Which runs are seeds of one experiment.
#pragma once

#include <string>
#include <vector>

#include "report/settings.h"

namespace sparcell {

/// Runs of one experiment that differ in their seed only.
struct Seeds {
  std::string name;   ///< the experiment's
  std::string label;  ///< of their means: differs from every run's
  Settings settings;
  std::vector<const RunFolder*> runs;
};

/// Groups of two runs at least, with labels; warnings where runs of one name are in several groups and where
/// a seed is there twice, of which there are no means. A run without config.yaml is in no group.
std::vector<Seeds> groups_of_seeds(const std::vector<RunFolder>& runs,
                                   const std::vector<std::string>& run_labels, Json& warnings);

}  // namespace sparcell
