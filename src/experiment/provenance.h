// provenance.json: where a result comes from.
#pragma once

#include <string>
#include <vector>

#include "experiment/prepared.h"
#include "experiment/run_folder.h"
#include "sparcell/config.h"

namespace sparcell {

/// Where the bits of a result come from: build, processor, instruction set, device, threads, matrix products.
class Provenance {
 public:
  Provenance(std::vector<std::string> arguments, const Context& context, const ProductOptions& products);

  /// Goes on with the file of an earlier process. Returns how this place differs from the one where the run
  /// began.
  std::vector<std::string> go_on(const nlohmann::json& earlier);
  /// What `resume` and `evaluate` know other runs' weights by when these are gone.
  void note_starts(const StartChecksums& starts) {
    if (!starts.empty()) json_["starts"] = starts;
  }
  /// Of all places where the run was resumed.
  std::vector<std::string> differences() const;
  /// `finished` is what the stages of a run took that is at its end, else nothing.
  void write(const RunPaths& paths, const Experiment& experiment, const Prepared& prepared,
             const StageCosts* finished = nullptr) const;

 private:
  nlohmann::ordered_json json_;
};

/// Versions of this build and of the libraries it runs with; for `info` and provenance.json.
nlohmann::ordered_json build_json();
/// The processor's name as the system gives it.
std::string processor_name();

}  // namespace sparcell
