// From the public name of an op to its version for the context's device. Included by src/ops/<stem>.cpp
// alone.
#pragma once

#include <type_traits>

#include "sparcell/core/errors.h"
#include "sparcell/core/ranges.h"
#include "sparcell/ops/op.h"

/// The range that profilers show of an op: all that it asks of its device lies in it, launches and library
/// calls.
#define SPARCELL_OP_RANGE(name)          \
  static const RangeName op_name(#name); \
  const Range op_range(op_name)

#ifdef SPARCELL_HAS_CUDA
#define SPARCELL_DISPATCH(name, context, ...)                               \
  do {                                                                      \
    SPARCELL_OP_RANGE(name);                                                \
    if ((context).device().is_cuda()) {                                     \
      if constexpr (std::is_same_v<T, float>) {                             \
        cuda::name<T>(context, __VA_ARGS__);                                \
      } else {                                                              \
        throw InternalError("the op {} has no f64 version on CUDA", #name); \
      }                                                                     \
    } else {                                                                \
      cpu::name<T>(context, __VA_ARGS__);                                   \
    }                                                                       \
  } while (false)
#define SPARCELL_DISPATCH_BOTH_SCALARS(name, context, ...) \
  do {                                                     \
    SPARCELL_OP_RANGE(name);                               \
    if ((context).device().is_cuda()) {                    \
      cuda::name<T>(context, __VA_ARGS__);                 \
    } else {                                               \
      cpu::name<T>(context, __VA_ARGS__);                  \
    }                                                      \
  } while (false)
#else
#define SPARCELL_DISPATCH(name, context, ...)                                              \
  do {                                                                                     \
    SPARCELL_OP_RANGE(name);                                                               \
    if ((context).device().is_cuda()) {                                                    \
      throw UsageError("the op {} is not in this build: it was made without CUDA", #name); \
    }                                                                                      \
    cpu::name<T>(context, __VA_ARGS__);                                                    \
  } while (false)
#define SPARCELL_DISPATCH_BOTH_SCALARS SPARCELL_DISPATCH
#endif
