#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sparcell::config {

/// The tree in one line with sorted keys: the same for trees that differ in the order of their keys alone.
/// The bytes are those of nlohmann::json(tree).dump(), for hashes rest on them, without its copy of the tree.
std::string canonical_text(const nlohmann::ordered_json& tree);

}  // namespace sparcell::config
