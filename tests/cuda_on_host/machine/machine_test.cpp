// The emulated machine: streams that are late, graphs that keep their parameters, memory that host code
// cannot touch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "cuda/architectures.h"
#include "cuda_on_host/execution.h"
#include "device/check.h"
#include "machine/kernels.h"

namespace machine {
namespace {

using cuda_on_host::Order;
using testing::HasSubstr;

constexpr int count = 8;

/// Two streams and two arrays on the device.
struct Machine : testing::Test {
  void SetUp() override {
    for (cudaStream_t* stream : {&first, &second})
      SPARCELL_CUDA_CHECK(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking));
    for (float** array : {&a, &b})
      SPARCELL_CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(array), count * sizeof(float)));
  }
  void TearDown() override {
    cuda_on_host::set_order({});
    for (float* array : {a, b}) SPARCELL_CUDA_CHECK(cudaFree(array));
    for (cudaStream_t stream : {first, second}) SPARCELL_CUDA_CHECK(cudaStreamDestroy(stream));
  }
  std::vector<float> read(const float* array) {
    std::vector<float> host(count);
    SPARCELL_CUDA_CHECK(cudaDeviceSynchronize());
    SPARCELL_CUDA_CHECK(cudaMemcpy(host.data(), array, count * sizeof(float), cudaMemcpyDeviceToHost));
    return host;
  }
  static std::vector<float> ascending_from(float start) {
    std::vector<float> values(count);
    std::iota(values.begin(), values.end(), start);
    return values;
  }

  cudaStream_t first = nullptr, second = nullptr;
  float *a = nullptr, *b = nullptr;
};

template <class Call>
std::string sentence_of(Call&& call) {
  try {
    call();
  } catch (const sparcell::Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(Machine, ACopyThatNobodyWaitsForHasNotHappened) {
  write(first, a, count, 3);
  std::vector<float> host(count, -1);
  SPARCELL_CUDA_CHECK(cudaMemcpyAsync(host.data(), a, count * sizeof(float), cudaMemcpyDeviceToHost, first));
  EXPECT_EQ(host, std::vector<float>(count, -1));
  SPARCELL_CUDA_CHECK(cudaStreamSynchronize(first));
  EXPECT_EQ(host, ascending_from(3));
}

TEST_F(Machine, ACopyWithoutAStreamWaitsForNoStream) {
  SPARCELL_CUDA_CHECK(cudaMemset(a, 0, count * sizeof(float)));
  write(first, a, count, 3);
  std::vector<float> host(count, -1);
  SPARCELL_CUDA_CHECK(cudaMemcpy(host.data(), a, count * sizeof(float), cudaMemcpyDeviceToHost));
  EXPECT_EQ(host, std::vector<float>(count, 0));
}

TEST_F(Machine, WithoutAnEventAnotherStreamIsNotWaitedFor) {
  SPARCELL_CUDA_CHECK(cudaMemset(a, 0, count * sizeof(float)));
  write(first, a, count, 3);
  add_one(second, a, b, count);
  SPARCELL_CUDA_CHECK(cudaStreamSynchronize(second));
  std::vector<float> host(count);
  SPARCELL_CUDA_CHECK(cudaMemcpyAsync(host.data(), b, count * sizeof(float), cudaMemcpyDeviceToHost, second));
  SPARCELL_CUDA_CHECK(cudaStreamSynchronize(second));
  EXPECT_EQ(host, std::vector<float>(count, 1));

  cudaEvent_t written;
  SPARCELL_CUDA_CHECK(cudaEventCreateWithFlags(&written, cudaEventDisableTiming));
  SPARCELL_CUDA_CHECK(cudaEventRecord(written, first));
  SPARCELL_CUDA_CHECK(cudaStreamWaitEvent(second, written, 0));
  add_one(second, a, b, count);
  EXPECT_EQ(read(b), ascending_from(4));
  SPARCELL_CUDA_CHECK(cudaEventDestroy(written));
}

TEST_F(Machine, AGraphRepeatsWhatWasCapturedWithItsParameters) {
  float value = 3;
  SPARCELL_CUDA_CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal));
  write(first, a, count, value);
  add_one(first, a, b, count);
  add_one(first, b, a, count);
  cudaGraph_t graph;
  SPARCELL_CUDA_CHECK(cudaStreamEndCapture(first, &graph));
  cudaGraphExec_t executable;
  SPARCELL_CUDA_CHECK(cudaGraphInstantiate(&executable, graph, 0));
  SPARCELL_CUDA_CHECK(cudaGraphDestroy(graph));
  value = 100;
  for (int round = 0; round < 2; ++round) {
    SPARCELL_CUDA_CHECK(cudaMemset(a, 0, count * sizeof(float)));
    SPARCELL_CUDA_CHECK(cudaGraphLaunch(executable, first));
    EXPECT_EQ(read(a), ascending_from(5));
  }
  SPARCELL_CUDA_CHECK(cudaGraphExecDestroy(executable));
}

TEST_F(Machine, ForkedStreamsOfACaptureMustJoin) {
  cudaEvent_t forked, joined;
  for (cudaEvent_t* event : {&forked, &joined})
    SPARCELL_CUDA_CHECK(cudaEventCreateWithFlags(event, cudaEventDisableTiming));
  for (bool join : {false, true}) {
    SPARCELL_CUDA_CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal));
    write(first, a, count, 1);
    SPARCELL_CUDA_CHECK(cudaEventRecord(forked, first));
    SPARCELL_CUDA_CHECK(cudaStreamWaitEvent(second, forked, 0));
    add_one(second, a, b, count);
    if (join) {
      SPARCELL_CUDA_CHECK(cudaEventRecord(joined, second));
      SPARCELL_CUDA_CHECK(cudaStreamWaitEvent(first, joined, 0));
      add_one(first, b, a, count);
    }
    cudaGraph_t graph;
    const cudaError_t status = cudaStreamEndCapture(first, &graph);
    EXPECT_EQ(status, join ? cudaSuccess : cudaErrorStreamCaptureUnjoined);
    cudaGetLastError();
    if (!join) continue;
    cudaGraphExec_t executable;
    SPARCELL_CUDA_CHECK(cudaGraphInstantiate(&executable, graph, 0));
    for (unsigned seed : {1u, 2u, 3u, 4u}) {  // nodes run in any order that the edges allow
      cuda_on_host::set_order({Order::Kind::random, seed});
      SPARCELL_CUDA_CHECK(cudaGraphLaunch(executable, second));
      EXPECT_EQ(read(a), ascending_from(3));
    }
    SPARCELL_CUDA_CHECK(cudaGraphExecDestroy(executable));
    SPARCELL_CUDA_CHECK(cudaGraphDestroy(graph));
  }
  for (cudaEvent_t event : {forked, joined}) SPARCELL_CUDA_CHECK(cudaEventDestroy(event));
}

TEST_F(Machine, ACaptureRefusesToWaitAndToAllocate) {
  SPARCELL_CUDA_CHECK(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal));
  void* memory = nullptr;
  EXPECT_THAT(sentence_of([&] { SPARCELL_CUDA_CHECK(cudaMalloc(&memory, 8)); }),
              HasSubstr("an allocation while"));
  EXPECT_THAT(sentence_of([&] { SPARCELL_CUDA_CHECK(cudaStreamSynchronize(first)); }),
              HasSubstr("a synchronization while"));
  cudaGraph_t graph;
  SPARCELL_CUDA_CHECK(cudaStreamEndCapture(first, &graph));
  SPARCELL_CUDA_CHECK(cudaGraphDestroy(graph));
}

TEST_F(Machine, OrdersAreForwardReverseOrRandom) {
  int* order;
  constexpr int blocks = 3, threads = 4, all = blocks * threads;
  SPARCELL_CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(&order), (all + 1) * sizeof(int)));
  const auto noted = [&](Order kind) {
    cuda_on_host::set_order(kind);
    SPARCELL_CUDA_CHECK(cudaMemset(order, 0, (all + 1) * sizeof(int)));
    note_order(first, order, blocks, threads);
    SPARCELL_CUDA_CHECK(cudaStreamSynchronize(first));
    std::vector<int> host(all);
    SPARCELL_CUDA_CHECK(cudaMemcpy(host.data(), order + 1, all * sizeof(int), cudaMemcpyDeviceToHost));
    return host;
  };
  std::vector<int> ascending(all);
  std::iota(ascending.begin(), ascending.end(), 0);
  EXPECT_EQ(noted({Order::Kind::forward, 0}), ascending);
  EXPECT_EQ(noted({Order::Kind::reverse, 0}), std::vector<int>(ascending.rbegin(), ascending.rend()));
  const std::vector<int> random = noted({Order::Kind::random, 5});
  EXPECT_NE(random, ascending);
  EXPECT_TRUE(std::is_permutation(random.begin(), random.end(), ascending.begin()));
  EXPECT_EQ(noted({Order::Kind::random, 5}), random);
  EXPECT_NE(noted({Order::Kind::random, 6}), random);
  SPARCELL_CUDA_CHECK(cudaFree(order));
}

TEST_F(Machine, LaunchesAndCopiesThatAreNotPossibleAreErrors) {
  write(first, a, 2048, 0);
  EXPECT_THAT(sentence_of([&] { SPARCELL_CUDA_CHECK(cudaStreamSynchronize(first)); }),
              HasSubstr("is not possible"));
  std::vector<float> host(count);
  EXPECT_THAT(
      sentence_of([&] {
        SPARCELL_CUDA_CHECK(cudaMemcpy(a, host.data(), count * sizeof(float), cudaMemcpyDeviceToHost));
      }),
      HasSubstr("direction"));
  EXPECT_THAT(
      sentence_of([&] {
        SPARCELL_CUDA_CHECK(cudaMemcpy(a, host.data(), (count + 1) * sizeof(float), cudaMemcpyHostToDevice));
      }),
      HasSubstr("not live device memory"));
}

TEST_F(Machine, SharedMemoryBeyondThePlainIsAskedFor) {
  const auto sentence = [&](std::size_t bytes, bool asks) {
    return sentence_of([&] {
      write_with_shared(first, a, bytes, asks);
      SPARCELL_CUDA_CHECK(cudaStreamSynchronize(first));
    });
  };
  EXPECT_EQ(sentence(40 * 1024, false), "");
  EXPECT_THAT(sentence(40 * 1024 + 4, false), HasSubstr("40964 bytes of dynamic shared memory, of which"));
  EXPECT_EQ(sentence(100 * 1024, true), "");
}

TEST_F(Machine, ReleasedMemoryIsGone) {
  float* gone;
  SPARCELL_CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(&gone), count * sizeof(float)));
  SPARCELL_CUDA_CHECK(cudaFree(gone));
  write(first, gone, count, 0);
  EXPECT_THAT(sentence_of([&] { SPARCELL_CUDA_CHECK(cudaStreamSynchronize(first)); }),
              HasSubstr("of a released allocation of 32 bytes"));
  EXPECT_THAT(sentence_of([&] { SPARCELL_CUDA_CHECK(cudaFree(gone)); }),
              HasSubstr("no start of live memory"));
  float* next;
  SPARCELL_CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(&next), count * sizeof(float)));
  EXPECT_GT(next, gone);
  SPARCELL_CUDA_CHECK(cudaFree(next));
}

TEST_F(Machine, NewMemoryIsNaN) {
  for (float value : read(a)) EXPECT_NE(value, value);
}

TEST_F(Machine, HostCodeCannotTouchDeviceMemory) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        write(first, a, count, 1);
        static_cast<void>(cudaStreamSynchronize(first));
        *static_cast<volatile float*>(a) = 1;
      },
      "host code touched device memory, byte 0 of an allocation of 32 bytes");
}

TEST(Device, NamesThatAreNotThere) {
  EXPECT_THAT(sentence_of([] { sparcell::find_device("cuda:1"); }),
              HasSubstr("device cuda:1: there is one GPU"));
  EXPECT_THAT(sentence_of([] { sparcell::find_device("cuda:x"); }),
              HasSubstr("expected auto, cpu, cuda or cuda:N"));
  EXPECT_EQ(sparcell::find_device("auto").name(), "cuda:0");
}

TEST(Device, HasKernelsThatRunOnIt) {
  using sparcell::cuda::has_code_for;
  for (const auto& [major, minor, has] : {std::tuple{7, 5, true},
                                          {7, 0, false},
                                          {8, 0, false},
                                          {8, 9, false},
                                          {9, 0, true},
                                          {10, 0, true},
                                          {12, 1, true}})
    EXPECT_EQ(has_code_for("75-real,90", major, minor), has) << major << "." << minor;
  EXPECT_TRUE(has_code_for("75-real,80-real,120", 8, 6));
  EXPECT_FALSE(has_code_for("86-real", 8, 0));
  EXPECT_FALSE(has_code_for("90-virtual", 8, 9));
  EXPECT_TRUE(has_code_for("90-virtual", 10, 0));
  EXPECT_FALSE(has_code_for("", 9, 0));
}

TEST(Device, FullMemoryIsASentence) {
  sparcell::Context context(sparcell::find_device("cuda"), 1);
  try {
    sparcell::Buffer<float> too_large(context, std::int64_t{1} << 40);
    FAIL() << "a buffer of 4 TiB was given";
  } catch (const sparcell::MemoryError& error) {
    EXPECT_THAT(error.what(), HasSubstr("out of memory on cuda:0: 4194304.0 MiB are needed, "));
    EXPECT_THAT(error.what(), HasSubstr("lower train.batch"));
  }
}

}  // namespace
}  // namespace machine
