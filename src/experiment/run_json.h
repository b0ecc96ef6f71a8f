// The JSON files of a run's folder, as other processes left them: a killed one none, a person's editor
// anything.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sparcell {

/// What the file holds, or an empty object where it is missing or no JSON object. Throws DataError, naming
/// file and key, where it is a folder or a value is not of the kind that `like` has under its key: null is of
/// every kind, the key `*` stands for all others, and keys that `like` does not have are not looked at.
nlohmann::json read_run_json(const std::string& path, const nlohmann::json& like);

nlohmann::json read_status(const std::string& path);
nlohmann::json read_provenance(const std::string& path);

}  // namespace sparcell
