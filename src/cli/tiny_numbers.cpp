#include "cli/tiny_numbers.h"

#include <pmmintrin.h>

namespace sparcell {

void flush_tiny_numbers() {
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
  _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON);
}

bool tiny_numbers_are_flushed() {
  int kept = 0;
#pragma omp parallel reduction(+ : kept)
  kept +=
      _MM_GET_FLUSH_ZERO_MODE() != _MM_FLUSH_ZERO_ON || _MM_GET_DENORMALS_ZERO_MODE() != _MM_DENORMALS_ZERO_ON
          ? 1
          : 0;
  return kept == 0;
}

}  // namespace sparcell
