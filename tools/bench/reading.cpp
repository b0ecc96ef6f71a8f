// Reads a data set as a run does, with times: what tools/bench/reading.py compares with anndata.
//
//     reading_benchmark FILE [REPEATS [THREADS]]
//
// Seconds of every repeat, the number of values and their sum go to standard output as JSON.
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "sparcell/read.h"

int main(int count, char** arguments) {
  using namespace sparcell;
  using Clock = std::chrono::steady_clock;
  if (count < 2) return 2;
  try {
    ReadOptions options;
    options.path = arguments[1];
    const int repeats = count > 2 ? std::stoi(arguments[2]) : 5;
    const int threads = count > 3 ? std::stoi(arguments[3]) : 1;
    Log log([](Log::Level, const std::string&) {});
    nlohmann::json json{{"seconds", nlohmann::json::array()}};
    for (int i = 0; i < repeats; ++i) {
      const auto start = Clock::now();
      const Dataset data = read(options, MatrixNeed::any, log, threads);
      json["seconds"].push_back(std::chrono::duration<double>(Clock::now() - start).count());
      json["values"] = data.x.nonzeros();
      json["sum"] = std::accumulate(data.x.values.begin(), data.x.values.end(), 0.0);
    }
    std::printf("%s\n", json.dump().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "reading_benchmark: %s\n", error.what());
    return 1;
  }
  return 0;
}
