// provenance.json: where a result comes from.
#pragma once

#include <string>
#include <vector>

#include "experiment/prepared.h"
#include "experiment/run_folder.h"

namespace sparcell {

class Provenance {
 public:
  explicit Provenance(std::vector<std::string> arguments);
  void write(const RunPaths& paths, const Experiment& experiment, const Context& context,
             const Prepared& prepared, bool finished) const;

 private:
  std::vector<std::string> arguments_;
  std::string started_;
};

/// Versions of this build and of the libraries it runs with; for `info` and provenance.json.
nlohmann::ordered_json build_json();
/// The processor's name as the system gives it.
std::string processor_name();

}  // namespace sparcell
