# bench_gpu measures the CUDA device; bench_gpu_host_emulated is the same program on the emulated one, where rows are compared with
# f64 and nothing is measured. tools/bench/gpu.py runs them.
set(on_gpu ${CMAKE_CURRENT_LIST_DIR}/on_gpu)
file(GLOB rows CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)

if(SPARCELL_CUDA_ENABLED)
  find_path(SPARCELL_CUDNN_HEADERS cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  set(cudnn no_cudnn.cpp)
  if(SPARCELL_CUDNN_HEADERS)
    set(cudnn cudnn.cpp)
  else()
    message(STATUS "bench_gpu without cuDNN's rows (cudnn.h is not found)")
  endif()
  # Compiled as the kernels are.
  add_library(bench_gpu_probes OBJECT ${on_gpu}/probes.cu)
  target_include_directories(bench_gpu_probes PRIVATE $<TARGET_PROPERTY:sparcell_kernels_cuda,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_options(bench_gpu_probes PRIVATE $<TARGET_PROPERTY:sparcell_kernels_cuda,COMPILE_OPTIONS>)
  target_link_libraries(bench_gpu_probes PRIVATE fmt::fmt)

  add_executable(bench_gpu ${rows} ${on_gpu}/device.cpp ${on_gpu}/ceilings.cpp ${on_gpu}/${cudnn})
  target_include_directories(bench_gpu SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  target_link_libraries(bench_gpu PRIVATE bench_gpu_probes sparcell_train CLI11::CLI11 nlohmann_json::nlohmann_json)
endif()

if(TARGET cuda_on_host_runtime)
  host_library(emulated train)
  add_executable(bench_gpu_host_emulated ${rows} ${CMAKE_CURRENT_LIST_DIR}/emulated/device.cpp)
  target_link_libraries(bench_gpu_host_emulated PRIVATE sparcell_train_host_emulated CLI11::CLI11 nlohmann_json::nlohmann_json)
  if(SPARCELL_TESTS)
    add_test(NAME bench_gpu_rehearsal COMMAND bench_gpu_host_emulated rehearse)
    set_tests_properties(bench_gpu_rehearsal PROPERTIES LABELS cuda_host TIMEOUT 300)
  endif()
endif()
