// YAML text to a tree.
#pragma once

#include <optional>
#include <string>

#include "config/problems.h"

namespace sparcell::config {

/// The one document of `text`. Aliases are copies, `<<` merges (explicit keys win), numbers stay text.
/// Duplicate keys are added to `problems`, and so is text that is not YAML in UTF-8, which gives nothing.
/// Places count lines from `origin`, which is the place of everything where its line is 0.
std::optional<Node> parse_yaml(const std::string& text, const Place& origin, Problems& problems);

}  // namespace sparcell::config
