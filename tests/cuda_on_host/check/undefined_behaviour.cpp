// The functions that g++ -fsanitize=undefined calls, in place of libubsan: undefined behaviour ends the
// launch, in host code the program. What each was given begins with the place in the source, except where
// noted.
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "cuda_on_host/execution.h"

namespace {

struct SourceLocation {
  const char* file;
  unsigned line, column;
};

void undefined(const char* what, const void* data) {
  const auto& where = *static_cast<const SourceLocation*>(data);
  const char* const slash = std::strrchr(where.file, '/');
  const std::string sentence = fmt::format("undefined behaviour: {} at {}:{}", what,
                                           slash == nullptr ? where.file : slash + 1, where.line);
  if (cuda_on_host::in_kernel()) cuda_on_host::fail(sentence);
  fmt::print(stderr, "{}, in host code\n", sentence);
  std::abort();
}

}  // namespace

#define UNDEFINED(name, what) \
  extern "C" void __ubsan_handle_##name(void* data) { undefined(what, data); }

UNDEFINED(add_overflow, "overflow of an addition")
UNDEFINED(sub_overflow, "overflow of a subtraction")
UNDEFINED(mul_overflow, "overflow of a multiplication")
UNDEFINED(negate_overflow, "overflow of a negation")
UNDEFINED(divrem_overflow, "a division by zero or its overflow")
UNDEFINED(shift_out_of_bounds, "a shift out of bounds")
UNDEFINED(out_of_bounds, "an index out of the bounds of its array")
UNDEFINED(type_mismatch_v1, "a null or misaligned pointer, or an object too small")
UNDEFINED(vla_bound_not_positive, "an array whose size is not positive")
UNDEFINED(load_invalid_value, "a value that its type does not have")
UNDEFINED(pointer_overflow, "overflow of a pointer")
UNDEFINED(invalid_builtin, "zero given to a builtin that counts zeros")
UNDEFINED(nonnull_arg, "null given where it is not allowed")
UNDEFINED(builtin_unreachable, "unreachable code is reached")
UNDEFINED(missing_return, "the end of a function that returns a value")

extern "C" void __ubsan_handle_nonnull_return_v1(void*, void* location) {
  undefined("null is returned", location);
}
