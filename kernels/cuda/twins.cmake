# Which ops have a CUDA version. Configuration fails where one lacks it, unless SPARCELL_CUDA_PARTIAL allows that: then its CUDA
# version is a generated one that throws the op's name.
#   SPARCELL_OPS_WITH_TWIN     the stems that have one
#   SPARCELL_OPS_WITHOUT_TWIN  the generated file, empty where nothing is missing
option(SPARCELL_CUDA_PARTIAL "Build the CUDA device although some ops have no CUDA version yet" ON)

set(SPARCELL_OPS_WITH_TWIN "")
set(SPARCELL_OPS_WITHOUT_TWIN "")
set(missing "")
file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/sparcell/ops/*.h)
foreach(header ${headers})
  get_filename_component(stem ${header} NAME_WE)
  file(STRINGS ${header} ops REGEX "^SPARCELL_OP\\(")
  if(NOT ops) # types that ops share
    continue()
  endif()
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${stem}.cu OR EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${stem}.cpp)
    list(APPEND SPARCELL_OPS_WITH_TWIN ${stem})
    continue()
  endif()
  list(APPEND missing ${stem})
  string(APPEND includes "#include \"sparcell/ops/${stem}.h\"\n")
  foreach(op ${ops})
    string(REGEX REPLACE "^SPARCELL_OP\\(([A-Za-z0-9_]+),.*" "\\1" op "${op}")
    string(APPEND instances "template decltype(cuda::${op}<float>) cuda::${op}<float>;\n")
  endforeach()
endforeach()

if(missing)
  if(NOT SPARCELL_CUDA_PARTIAL)
    message(FATAL_ERROR "These ops have no kernels/cuda/<stem>.cu: ${missing}")
  endif()
  message(STATUS "Ops without a CUDA version: ${missing}")
  set(SPARCELL_OPS_WITHOUT_TWIN ${CMAKE_CURRENT_BINARY_DIR}/ops_without_twin.cpp)
  file(CONFIGURE OUTPUT ${SPARCELL_OPS_WITHOUT_TWIN} @ONLY CONTENT [[
#include "sparcell/ops/op.h"
#undef SPARCELL_OP
#define SPARCELL_OP(name, parameters)                                      \
  namespace cuda {                                                         \
  template <class T>                                                       \
  void name parameters {                                                   \
    throw UsageError("the op {} has no CUDA version in this build", #name); \
  }                                                                        \
  }
#pragma GCC diagnostic ignored "-Wunused-parameter"
@includes@
namespace sparcell {
@instances@
}
]])
endif()
