// Accesses that the processor refuses: in a kernel they end the launch with a description, in host code the
// program.
#pragma once

#include <csetjmp>

namespace cuda_on_host {

/// Installs the handlers, once.
void catch_faults();

/// Where a fault in a kernel continues.
sigjmp_buf& fault_return();

}  // namespace cuda_on_host
