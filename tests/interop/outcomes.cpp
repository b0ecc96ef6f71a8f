// outcomes: for each path on standard input a line of JSON that says what reading it came to: the exit code, the
// sentence of an error, and a hash of what was read. It may take neither long nor much memory.
#include <sys/resource.h>
#include <sys/time.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "sparcell/core/sha256.h"
#include "sparcell/read.h"

using namespace sparcell;

namespace {

constexpr rlim_t most_bytes = rlim_t{1} << 30;
constexpr int most_seconds = 20;  ///< of processor time, a file

template <class T>
void add(Sha256& sha, std::span<const T> values) {
  sha.update(std::as_bytes(std::span(values)));
}

void add(Sha256& sha, const Table& table) {
  for (const std::string& name : table.names) sha.update(name + "\n");
  for (const Column& column : table.columns) {
    sha.update(column.name + "\n");
    for (std::int64_t row = 0; row < table.rows(); ++row) sha.update(column.text(row) + "\n");
  }
}

std::string hash_of(const Dataset& data) {
  Sha256 sha;
  add<std::int64_t>(sha, data.x.offsets);
  add<std::int32_t>(sha, data.x.indices);
  add<float>(sha, data.x.values);
  add(sha, data.cells);
  add(sha, data.genes);
  return sha.hex();
}

nlohmann::json outcome(const std::string& path) {
  ReadOptions options;
  options.path = path;
  Log log([](Log::Level, const std::string&) {});
  try {
    const std::string hash = hash_of(read(options, MatrixNeed::any, log, 2));
    inspect(options);
    return {{"code", 0}, {"hash", hash}};
  } catch (const Error& error) {
    return {{"code", static_cast<int>(error.code())}, {"sentence", error.what()}};
  }
}

}  // namespace

int main() {
#ifndef __SANITIZE_ADDRESS__  // which needs terabytes of addresses
  const rlimit memory{most_bytes, most_bytes};
  setrlimit(RLIMIT_AS, &memory);
#endif
  for (std::string path; std::getline(std::cin, path);) {
    const itimerval time{{0, 0}, {most_seconds, 0}};
    setitimer(ITIMER_PROF, &time, nullptr);
    const auto replace = nlohmann::json::error_handler_t::replace;  // damaged names are no UTF-8
    std::printf("%s\n", outcome(path).dump(-1, ' ', false, replace).c_str());
    std::fflush(stdout);
  }
}
