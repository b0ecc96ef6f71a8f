// What each arm of an ablation changes: differences to the reference over the same seeds.
#pragma once

#include <string>
#include <vector>

#include "sweep/results.h"

namespace sparcell {

/// Arm minus reference in one number, over the seeds for which both have it.
struct PairedDifference {
  std::string arm;
  std::string metric;
  double reference = 0;  ///< mean over those seeds
  double difference = 0;
  double low = 0, high = 0;  ///< 95 % interval of the mean (Student's t); both NaN with one seed
  std::size_t seeds = 0;
  std::size_t of_seeds = 0;  ///< that reference and arm were to have both
};

/// "3", or "2 of 3" where a seed of the arm or of the reference has not the number.
std::string seeds_text(const PairedDifference& paired);

/// Every number of result.json's models whose seeds pair, arm by arm in the order of the file.
std::vector<PairedDifference> paired_differences(const std::vector<RunOutcome>& outcomes);

/// differences.csv: arm,metric,reference,difference,low,high,seeds.
void write_differences(const std::string& path, const std::vector<PairedDifference>& differences);

}  // namespace sparcell
