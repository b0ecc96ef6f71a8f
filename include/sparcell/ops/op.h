// How an op is declared, checked, dispatched and instantiated.
//
// An op is a free function over views: op<T>(context, inputs..., outputs..., scalars...). Its signature is written once, in
// ops/<stem>.h, under its contract:
//
//     SPARCELL_OP(adam_step, (Context & context, std::span<T> parameters, ...))
//
// which declares cpu::adam_step, cuda::adam_step and the public adam_step, all templates over the scalar T. Definitions use
// qualified names (`template <class T> void cpu::adam_step(...)`), so that a different signature does not compile:
//     kernels/cpu/<stem>.cpp   the CPU's, for float and double; ends with SPARCELL_INSTANTIATE(cpu::adam_step)
//     kernels/cuda/<stem>.cu   the GPU's, for float; ends with SPARCELL_INSTANTIATE_CUDA(cuda::adam_step)
//     src/ops/<stem>.cpp       the public one: checks the preconditions once, then SPARCELL_DISPATCH (src/ops/dispatch.h)
// Statistics whose scalar is f64 in the program have a GPU version for double as well: SPARCELL_INSTANTIATE and
// SPARCELL_DISPATCH_BOTH_SCALARS.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"
#include "sparcell/core/random.h"

#define SPARCELL_OP(name, parameters) \
  namespace cpu {                     \
  template <class T>                  \
  void name parameters;               \
  }                                   \
  namespace cuda {                    \
  template <class T>                  \
  void name parameters;               \
  }                                   \
  template <class T>                  \
  void name parameters;

/// Emits the float and double versions of an op (its full name) into the calling file.
#define SPARCELL_INSTANTIATE(name)            \
  template decltype(name<float>) name<float>; \
  template decltype(name<double>) name<double>
/// The same for a GPU's version, which is f32 alone.
#define SPARCELL_INSTANTIATE_CUDA(name) template decltype(name<float>) name<float>
