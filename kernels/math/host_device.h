// Formulas here run on host and device.
#pragma once

#ifdef __CUDACC__
#define SPARCELL_HD __host__ __device__ __forceinline__
#else
#define SPARCELL_HD inline __attribute__((always_inline))
#endif
