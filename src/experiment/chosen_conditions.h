// Conditions as a user chooses them for cells that a model makes.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/dataset.h"

namespace sparcell {

/// Conditions that cells are told in place of their own.
struct ChosenConditions {
  std::optional<std::vector<std::string>> parts;            ///< perturbed ones, sorted; none: the control
  std::vector<std::pair<std::string, std::string>> levels;  ///< obs columns, each once, and their values

  bool any() const { return parts.has_value() || !levels.empty(); }
};

/// The parts of a perturbation as a user writes it: KLF1+MAP2K6, KLF1, control. Sorted, without control
/// parts. Throws UsageError where a name is missing or stands twice.
std::vector<std::string> parts_of_label(const std::string& label);
/// The same of a perturbation that may also be written as the data's labels have it: non-targeting, A_B.
std::vector<std::string> parts_of_label(const std::string& label, const Dataset& data);
/// How such a perturbation is called: CEBPA+KLF1, or control.
std::string name_of_parts(const std::vector<std::string>& parts);

}  // namespace sparcell
