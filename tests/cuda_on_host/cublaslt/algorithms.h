// The algorithms of the stand-in for cuBLASLt: what they need, what they compute, how long that takes.
#pragma once

#include <cublasLt.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cuda_on_host::cublaslt {

/// A matrix in memory, column-major.
struct Layout {
  cudaDataType type;
  std::int64_t rows, cols, stride;
};

struct Description {
  cublasComputeType_t compute;
  bool transpose_a = false, transpose_b = false;
};

struct Preference {
  std::uint64_t scratch_bytes = 0;
  std::uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_MASK;
  std::uint32_t alignments[4] = {256, 256, 256, 256};  ///< of A, B, C and D
};

/// What the 64 bytes of a cublasLtMatmulAlgo_t hold here.
struct Choice {
  std::int32_t id = 0;
  std::uint32_t tile = 0, stages = 0;
  std::int32_t split_k = 1;
  std::uint32_t reduction = CUBLASLT_REDUCTION_SCHEME_NONE, swizzle = 0, custom = 0;
  std::uint16_t inner_shape = 0, cluster_shape = 0;
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
};

/// D = alpha op(A) op(B) + beta C, with M x K and K x N.
struct Problem {
  Description description;
  Layout a, b, c, d;

  std::int64_t m() const { return d.rows; }
  std::int64_t n() const { return d.cols; }
  std::int64_t k() const { return description.transpose_a ? a.rows : a.cols; }
  /// Whether the shapes fit one another and everything is f32.
  bool sound() const;
};

/// Adds terms one after the other, at any address.
inline constexpr std::int32_t plain_algorithm = 7;
/// Adds terms in groups of four, and reads four numbers at once: rows of A and B begin at multiples of 16
/// bytes.
inline constexpr std::int32_t vector_algorithm = 11;

/// Whether the algorithm can compute the problem with operands of these alignments, in bytes.
bool takes(const Choice& choice, const Problem& problem, const std::uint32_t (&alignments)[4]);
std::size_t scratch_bytes(const Choice& choice, const Problem& problem);
/// All that can compute the problem within the preference, in the order of an estimate that thinks little of
/// splitting the sum.
std::vector<Choice> choices(const Problem& problem, const Preference& preference);

/// How long it takes on the machine that the stand-in stands for: a few multiprocessors with a block each.
double microseconds(const Choice& choice, const Problem& problem);

struct Pointers {
  const float *a, *b, *c;
  float* d;
};
/// Computes on device memory, now; what is wrong with the pointers, empty if nothing.
std::string compute(const Choice& choice, const Problem& problem, float alpha, float beta,
                    const Pointers& device);

}  // namespace cuda_on_host::cublaslt
