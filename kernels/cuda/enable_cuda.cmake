# Whether the CUDA device is built: SPARCELL_CUDA_ENABLED. Included at the top, because languages are enabled there.
if(NOT SPARCELL_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "SPARCELL_CUDA is ${SPARCELL_CUDA}, expected AUTO, ON or OFF")
endif()
# One cubin for the oldest supported GPUs and one with PTX for all newer ones; releases name more (75-real;80-real;...).
set(SPARCELL_CUDA_ARCHITECTURES "75-real;90" CACHE STRING "GPUs that kernels are compiled for, as CMAKE_CUDA_ARCHITECTURES")

set(SPARCELL_CUDA_ENABLED OFF)
if(NOT SPARCELL_CUDA STREQUAL OFF)
  file(GLOB registry ${CMAKE_SOURCE_DIR}/build/cuda/lib/python3*/site-packages/nvidia/cu13/bin) # tools/setup.sh --cuda
  find_program(SPARCELL_NVCC nvcc PATHS /usr/local/cuda/bin ${registry})
  if(SPARCELL_NVCC AND NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${SPARCELL_NVCC})
  endif()
  if(CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_ARCHITECTURES ${SPARCELL_CUDA_ARCHITECTURES})
    set(CMAKE_CUDA_RUNTIME_LIBRARY Static) # the program starts where there is no driver
    if(CCACHE AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
      set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE})
    endif()
    enable_language(CUDA)
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION) # CMake 3.25 does not know that nvcc has C++20
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    set(CMAKE_CUDA_EXTENSIONS OFF)
    find_package(CUDAToolkit REQUIRED)
    # cuBLASLt is loaded when the first product is asked for (libraries/): the program finds the toolkit it was built with.
    list(APPEND CMAKE_BUILD_RPATH ${CUDAToolkit_LIBRARY_DIR})
    set(SPARCELL_CUDA_ENABLED ON)
  elseif(SPARCELL_CUDA STREQUAL ON)
    message(FATAL_ERROR "SPARCELL_CUDA is ON and nvcc is not found: install the CUDA Toolkit 13, let tools/setup.sh --cuda take it from "
                        "the Python registry, or set SPARCELL_CUDA=OFF")
  endif()
endif()
if(SPARCELL_CUDA_ENABLED)
  message(STATUS "CUDA device: ON (SPARCELL_CUDA=${SPARCELL_CUDA}), for ${SPARCELL_CUDA_ARCHITECTURES}, "
                 "by CUDA ${CUDAToolkit_VERSION} of ${CUDAToolkit_BIN_DIR}")
elseif(SPARCELL_CUDA STREQUAL AUTO)
  message(STATUS "CUDA device: OFF (SPARCELL_CUDA=AUTO): nvcc is found neither on the PATH, in /usr/local/cuda nor in build/cuda; "
                 "tools/setup.sh --cuda takes it from the Python registry")
else()
  message(STATUS "CUDA device: OFF (SPARCELL_CUDA=OFF)")
endif()
