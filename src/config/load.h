// The steps from a composed tree to an experiment.
#pragma once

#include "config/plan_options.h"
#include "sparcell/config.h"

namespace sparcell::config {

/// Files and overrides as one tree, with named models; references are not resolved yet.
Node compose_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                        Problems& problems);

/// Resolves references, reads and checks the tree, and fills in what depends on other values or the machine.
/// The result is only good where `problems` has none.
Experiment resolve_experiment(Node root, PlanOptions& plan, const LoadOptions& options, Problems& problems);

}  // namespace sparcell::config
