// Loops over the context's threads. Work is cut into fixed contiguous parts, so results depend on the number of threads only
// where a caller combines parts, never on timing.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <exception>

namespace sparcell {

/// Calls body(first, last, part) for `threads` contiguous parts of [0, count), each of at least `grain` elements. The first
/// part's exception that was thrown is thrown again here.
template <class Body>
void parallel_parts(int threads, std::int64_t count, std::int64_t grain, Body&& body) {
  if (count <= 0) return;
  const int parts = static_cast<int>(std::clamp<std::int64_t>(count / std::max<std::int64_t>(grain, 1), 1, threads));
  if (parts == 1) {
    body(std::int64_t{0}, count, 0);
    return;
  }
  std::exception_ptr error;
#pragma omp parallel for num_threads(parts) schedule(static, 1)
  for (int part = 0; part < parts; ++part) {
    try {
      body(count * part / parts, count * (part + 1) / parts, part);
    } catch (...) {
#pragma omp critical(sparcell_parallel_error)
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

/// Calls body(i) for every i of [0, count).
template <class Body>
void parallel_for(int threads, std::int64_t count, std::int64_t grain, Body&& body) {
  parallel_parts(threads, count, grain, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t i = first; i < last; ++i) body(i);
  });
}

}  // namespace sparcell
