#include "experiment/provenance.h"

#include <H5public.h>
#include <dnnl.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/system.h"
#include "core/version.h"
#include "core/whole_file.h"
#include "sparcell/core/sha256.h"

namespace sparcell {
namespace {

using Json = nlohmann::ordered_json;

std::string hash_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  Sha256 hash;
  hash.update(text.str());
  return hash.hex();
}

/// The widest that matrix products and our own loops use here.
std::string instruction_set() {
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
  return fmt::format("{}, oneDNN {:#x}", wide ? "x86-64-v4" : "x86-64-v3",
                     static_cast<unsigned>(dnnl_get_effective_cpu_isa()));
}

/// A text without its quotes.
std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

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
#ifdef SPARCELL_HAS_CUDA
  constexpr bool cuda = true;
#else
  constexpr bool cuda = false;
#endif
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return {{"version", version},
          {"commit", commit},
          {"compiler", compiler},
          {"build_type", build_type},
          {"hdf5", fmt::format("{}.{}.{}", major, minor, release)},
          {"cuda", cuda}};
}

Provenance::Provenance(std::vector<std::string> arguments, const Context& context,
                       const ProductOptions& products)
    : json_{{"build", build_json()},
            {"arguments", std::move(arguments)},
            {"working_folder", std::filesystem::current_path().string()},
            {"host", host_name()},
            {"processor", processor_name()},
            {"instruction_set", instruction_set()},
            {"device", context.device().name()},
            {"threads", context.threads()},
            {"started", utc_now()}} {
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) json_["cuda_visible_devices"] = visible;
  if (context.device().is_cuda()) json_["gpu"] = gpu_model(context.device());
  json_["products"] = {{"library", product_library(context.device())},
                       {"precision", name_of(products.precision)},
                       {"plan", products.plan}};
  if (products.has_plan()) json_["products"]["plan_sha256"] = hash_of_file(products.plan);
}

std::vector<std::string> Provenance::go_on(const nlohmann::json& earlier) {
  if (!earlier.contains("started")) return {};  // killed before it had a place
  std::vector<std::string> found;
  const auto compare = [&](const std::string& name, const Json& then, const Json& now) {
    if (then != now) found.push_back(fmt::format("{} {} instead of {}", name, plain(now), plain(then)));
  };
  for (const char* key : {"processor", "instruction_set", "device", "threads"})
    compare(key, earlier.value(key, Json()), json_[key]);
  const bool other_device = earlier.value("device", Json()) != json_["device"];  // which says it all
  if (!other_device && json_.contains("gpu")) compare("gpu", earlier.value("gpu", Json()), json_["gpu"]);
  if (!other_device && earlier.contains("products")) {
    for (const char* key : {"library", "precision", "plan_sha256"}) {
      compare(fmt::format("products.{}", key), earlier["products"].value(key, Json("none")),
              json_["products"].value(key, Json("none")));
    }
  }
  for (const char* key : {"version", "commit", "compiler", "build_type"})
    compare(key, earlier.value("build", Json::object()).value(key, Json()), json_["build"][key]);
  const Json resumed{{"time", utc_now()},
                     {"host", json_["host"]},
                     {"arguments", json_["arguments"]},
                     {"differences", found}};
  const Json folder = json_["working_folder"];  // the data were found from there
  json_ = earlier;
  json_["working_folder"] = folder;
  json_.erase("finished");
  json_.erase("peak_memory_bytes_after");
  json_["resumed"].push_back(resumed);
  return found;
}

std::vector<std::string> Provenance::differences() const {
  std::vector<std::string> all;
  for (const Json& resumed : json_.value("resumed", Json::array())) {
    for (const Json& difference : resumed.value("differences", Json::array())) {
      if (std::find(all.begin(), all.end(), difference) == all.end()) all.push_back(difference);
    }
  }
  return all;
}

void Provenance::write(const RunPaths& paths, const Experiment& experiment, const Prepared& prepared,
                       const StageCosts* finished) const {
  Json json = json_;
  json["seed"] = experiment.seed;
  json["data"] = {
      {"source", prepared.data.source}, {"matrix", prepared.data.matrix}, {"sha256", prepared.data.checksum}};
  json["split_sha256"] = hash_of_file(paths.file("split.csv"));
  json["genes_sha256"] = hash_of_file(paths.file("genes.csv"));
  if (finished != nullptr) {
    json["finished"] = utc_now();
    for (const StageCost& cost : *finished) json["peak_memory_bytes_after"][cost.stage] = cost.memory_bytes;
  }
  write_file(paths.file("provenance.json"), json.dump(2) + "\n");
}

}  // namespace sparcell
