// Names of AnnData files.
#pragma once

#include <string>

namespace sparcell {

/// Throws UsageError for a name whose extension says another format (.csv, .loom ...): whoever opens the file
/// would believe it.
void check_anndata_name(const std::string& path);

}  // namespace sparcell
