// Values as YAML text that every reader, of YAML 1.1 and 1.2, takes for the same values.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sparcell::config {

/// Maps in blocks, lists of plain values in brackets. Doubles are the shortest text that reads back the same;
/// strings that look like something else are quoted, and `${` is written as `$${`, which the loader takes for
/// itself.
std::string yaml_text(const nlohmann::ordered_json& value);

/// The same in one line: `{kl: {weight: 0.1}, hidden: [256, 128]}`.
std::string flow_text(const nlohmann::ordered_json& value);

}  // namespace sparcell::config
