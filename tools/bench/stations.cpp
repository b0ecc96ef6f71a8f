// Normalizes a matrix and selects genes, with times: what tools/bench/stations.py compares with scanpy, and
// tests/interop/stations_interop.py checks against it.
//
//     stations_benchmark FOLDER GENES FLAVOR [REPEATS [THREADS]]
//
// FOLDER holds the counts as raw arrays: shape.i64 (cells, genes), offsets.i64, indices.i32, values.f32. Left
// there are normalized.f32 (values after log1p) and selected_<flavor>.i32; seconds of every repeat go to
// standard output as JSON.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "sparcell/normalize.h"
#include "sparcell/select.h"

namespace sparcell {
namespace {

template <class T>
std::vector<T> load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError("{} cannot be read", path.string());
  std::vector<T> values(std::filesystem::file_size(path) / sizeof(T));
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

template <class T>
void save(const std::filesystem::path& path, std::span<const T> values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

template <class Body>
double seconds(Body&& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Dataset load_counts(const std::filesystem::path& folder) {
  Dataset data;
  const auto shape = load<std::int64_t>(folder / "shape.i64");
  data.x.rows = shape.at(0);
  data.x.cols = shape.at(1);
  data.x.offsets = load<std::int64_t>(folder / "offsets.i64");
  data.x.indices = large_array(load<std::int32_t>(folder / "indices.i32"));
  data.x.values = large_array(load<float>(folder / "values.f32"));
  data.counts = true;
  return data;
}

SelectFlavor flavor_of(const std::string& word) {
  const auto& words = Names<SelectFlavor>::values;
  const auto found = std::find(std::begin(words), std::end(words), word);
  if (found == std::end(words)) throw UsageError("{} is no flavor", word);
  return static_cast<SelectFlavor>(found - std::begin(words));
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) throw UsageError("stations_benchmark FOLDER GENES FLAVOR [REPEATS [THREADS]]");
  const std::filesystem::path folder = arguments[0];
  SelectOptions options;
  options.genes = std::stol(arguments[1]);
  options.flavor = flavor_of(arguments[2]);
  options.fit_on = FitOn::all;
  const int repeats = arguments.size() > 3 ? std::stoi(arguments[3]) : 1;
  Context context({}, arguments.size() > 4 ? std::stoi(arguments[4]) : 0);
  Log log;

  Dataset data = load_counts(folder);
  const Csr<float> counts = data.x;
  std::vector<std::int32_t> cells(static_cast<std::size_t>(counts.rows));
  std::iota(cells.begin(), cells.end(), 0);
  Selection selection;
  nlohmann::json times{{"copy", {}}, {"normalize", {}}, {"select", {}}};
  for (int repeat = 0; repeat < repeats; ++repeat) {
    data.counts = true;
    times["copy"].push_back(seconds([&] { data.x.values = counts.values; }));
    times["normalize"].push_back(seconds([&] { normalize(context, data, {}, cells); }));
    times["select"].push_back(
        seconds([&] { selection = select(context, data, options, cells, log); }));
  }
  save<float>(folder / "normalized.f32", data.x.values);
  save<std::int32_t>(folder / ("selected_" + arguments[2] + ".i32"), selection.genes);
  std::printf("%s\n", times.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace sparcell

int main(int count, char** arguments) {
  try {
    return sparcell::run({arguments + 1, arguments + count});
  } catch (const sparcell::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
