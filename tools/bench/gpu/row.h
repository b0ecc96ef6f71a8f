// The rows of the GPU benchmark (tools/bench/gpu.py): work of a known size, what it must at least move and
// compute, and one or more ways of doing it. Nothing here is installed.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sparcell/core/context.h"

namespace sparcell::bench_gpu {

using Json = nlohmann::ordered_json;

/// `full` is what is measured on a GPU; `small` is for rehearsals on the emulated device.
enum class Scale { small, full };

struct Surroundings {
  Context& context;
  Scale scale;
  std::string precision;  ///< of matrix products: f32, tf32, bf16
  std::string
      exchange;  ///< folder for what a peer reads: weights, data, order of batches; empty: nothing is written

  template <class T>
  T at(T small, T full) const {
    return scale == Scale::full ? full : small;
  }
};

/// One way of doing a row's work.
struct Variant {
  std::string name;
  /// Queues the work so many times. Its memory has its size after the first call.
  std::function<void(std::int64_t times)> work;
  /// What is the same in `work` and is taken off its time; empty: nothing. What is left is divided by
  /// `parts`.
  std::function<void(std::int64_t times)> less = {};
  double parts = 1;
  /// Sets the state back before each of the two; its time does not count.
  std::function<void()> rewind = {};
  double error = 0;  ///< |result - f64| / |f64|, of the results or of the first ten losses
};

/// A Variant's work from work that is done once.
inline std::function<void(std::int64_t)> repeated(std::function<void()> once) {
  return [once = std::move(once)](std::int64_t times) {
    for (; times > 0; --times) once();
  };
}

/// A row that is ready: its memory lies on the device, its results have been compared.
struct Prepared {
  std::string size = {};     ///< in words
  double bytes = 0;          ///< that every implementation moves through device memory
  double flops = 0;          ///< that every implementation computes
  std::string rate = {};     ///< whose operations those are: f32, tf32, bf16 (the ceilings' products)
  std::int64_t times = 1;    ///< of the work in one turn
  double tolerance = 0;      ///< of every variant's error; of a training row, of its peers' first losses
  double f64_tolerance = 0;  ///< of the error of a training row, whose ten f32 steps drift; 0: tolerance
  std::vector<Variant> variants = {};  ///< ours is the first
  Json peer = {};                      ///< what a peer needs to do the same work; null where there is none
};

struct Row {
  std::string name;
  std::string title;
  std::string goal;     ///< in words; empty: none
  bool trains = false;  ///< precision matters
  std::function<Prepared(Surroundings&)> prepare;
};

std::vector<Row> statistics_rows();
std::vector<Row> evaluation_rows();
std::vector<Row> layer_rows();
std::vector<Row> training_rows();

}  // namespace sparcell::bench_gpu
