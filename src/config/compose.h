// From files and overrides to one tree: the steps before values are read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/problems.h"

namespace sparcell::config {

/// The file merged over the files that its `defaults` list names (relative to it; later wins; they may have
/// defaults of their own). Throws what is wrong at once where a file cannot be read or parsed.
Node compose_files(const std::filesystem::path& file, Problems& problems);

/// `model: {type: vae, ...}` becomes `model: {vae: {type: vae, ...}}`; a map of named models stays.
void name_single_model(Node& root);

/// Sets the value of exactly one path, or removes the key.
struct Change {
  Place place;
  std::string path;
  std::optional<Node> value;
};

/// `a.b=value` (the value is YAML; nothing is an empty string) or `~a.b`. Nothing, and a problem, where the
/// text is neither. `place` is that of its values.
std::optional<Change> parse_override(const std::string& text, const Place& place, Problems& problems);

void apply(Node& root, const Change& change, Problems& problems);

/// Parses and applies overrides in order.
void apply_overrides(Node& root, const std::vector<std::string>& overrides, Problems& problems);

/// Replaces `${env:NAME}` and `${key.path}` in every string; `$${` stands for `${`. A value that is nothing
/// but one reference has the type of what it refers to, quoted or not (within braces YAML needs the quotes).
void interpolate(Node& root, Problems& problems);

}  // namespace sparcell::config
