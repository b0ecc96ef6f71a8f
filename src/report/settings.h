// What a run was told to do, as far as other seeds of it must be told the same.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "report/run_folder.h"

namespace sparcell {

/// `model.vae.latent` -> `64`, as config.yaml writes it.
using Settings = std::map<std::string, std::string>;

/// Of a resolved configuration, without what may differ between runs of one experiment: seeds, names, paths,
/// devices and the page. The data count by their checksum, `data`, where it is known.
Settings settings_of(const std::string& config, const std::string& data_checksum);

/// Of the run's config.yaml, with the checksum that the run noted. Nothing where the folder holds none.
std::optional<Settings> settings_of(const RunFolder& run);

/// Whether the run's values are log(1 + normalized counts); assumed of values that were taken as they are.
bool has_logarithms(const RunFolder& run);

}  // namespace sparcell
