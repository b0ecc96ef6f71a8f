#include "evaluate/held_out.h"

#include <vector>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

std::vector<std::int64_t> cells_of_each(const Perturbations& perturbations,
                                        const std::vector<std::int32_t>& cells) {
  std::vector<std::int64_t> counts(perturbations.names.size(), 0);
  for (const std::int32_t cell : cells) {
    const std::int32_t perturbation = perturbations.of_cell[static_cast<std::size_t>(cell)];
    if (perturbation >= 0) ++counts[static_cast<std::size_t>(perturbation)];
  }
  return counts;
}

}  // namespace

HeldOut held_out_in(const Perturbations& perturbations, const Split& split) {
  HeldOut held{.of_test_cells = std::ssize(split.test)};
  if (!perturbations.known()) return held;
  const std::vector<std::int64_t> train = cells_of_each(perturbations, split.train),
                                  test = cells_of_each(perturbations, split.test);
  for (std::size_t p = 1; p < test.size(); ++p) {  // 0 is the control
    if (test[p] == 0 || train[p] > 0) continue;
    ++held.perturbations;
    held.test_cells += test[p];
  }
  return held;
}

std::string held_out_sentence(const HeldOut& held) {
  if (held.perturbations == 0) return "";
  const bool one = held.perturbations == 1;
  return fmt::format(
      "{} of {} test cell{} {} of {} perturbation{} that no training cell has: verdicts on reconstruction, "
      "as by MSE, say there how models fare with cells unlike those that they were trained on, and "
      "intervals over cells speak of other cells of {}, not of other perturbations.",
      held.test_cells, held.of_test_cells, held.of_test_cells == 1 ? "" : "s",
      held.test_cells == 1 ? "is" : "are", held.perturbations, one ? "" : "s",
      one ? "this perturbation" : "these perturbations");
}

}  // namespace sparcell
