#include "experiment/provenance.h"

#include <H5public.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>

#include "core/csv.h"
#include "core/version.h"
#include "sparcell/core/sha256.h"

namespace sparcell {
namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string hash_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  Sha256 hash;
  hash.update(text.str());
  return hash.hex();
}

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

nlohmann::ordered_json build_json() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return {{"version", version},
          {"commit", commit},
          {"compiler", compiler},
          {"build_type", build_type},
          {"hdf5", fmt::format("{}.{}.{}", major, minor, release)},
          {"cuda", false}};
}

Provenance::Provenance(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)), started_(utc_now()) {}

void Provenance::write(const RunPaths& paths, const Experiment& experiment, const Context& context,
                       const Prepared& prepared, bool finished) const {
  nlohmann::ordered_json json{{"build", build_json()},
                              {"arguments", arguments_},
                              {"host", host_name()},
                              {"processor", processor_name()},
                              {"device", context.device().name()},
                              {"threads", context.threads()},
                              {"seed", experiment.seed},
                              {"data",
                               {{"source", prepared.data.source},
                                {"matrix", prepared.data.matrix},
                                {"sha256", prepared.data.checksum}}},
                              {"split_sha256", hash_of_file(paths.file("split.csv"))},
                              {"genes_sha256", hash_of_file(paths.file("genes.csv"))},
                              {"started", started_}};
  if (finished) json["finished"] = utc_now();
  write_file(paths.file("provenance.json"), json.dump(2) + "\n");
}

}  // namespace sparcell
