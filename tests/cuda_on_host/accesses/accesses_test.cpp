// The record of accesses, against requests that are counted by hand.
#include <gtest/gtest.h>

#include "accesses/kernels.h"
#include "cuda_on_host/access_record.h"
#include "device/check.h"

namespace accesses {
namespace {

using cuda_on_host::AccessFigures;

constexpr int floats = 4096;

struct Accesses : testing::Test {
  void SetUp() override {
    for (float** array : {&in, &out}) {
      SPARCELL_CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(array), floats * sizeof(float)));
      SPARCELL_CUDA_CHECK(cudaMemset(*array, 0, floats * sizeof(float)));
    }
    cuda_on_host::access_record = &record;
  }
  void TearDown() override {
    cuda_on_host::access_record = nullptr;
    for (float* array : {in, out}) SPARCELL_CUDA_CHECK(cudaFree(array));
  }
  /// Figures of the only kernel.
  AccessFigures figures() {
    SPARCELL_CUDA_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(record.kernels().size(), 1u);
    return record.kernels().begin()->second;
  }

  cuda_on_host::AccessRecord record;
  float *in = nullptr, *out = nullptr;
};

TEST_F(Accesses, NeighboursShareSectors) {
  copy(nullptr, in, out, 64, 1);
  const AccessFigures f = figures();
  EXPECT_EQ(f.launches, 1);
  EXPECT_EQ(f.read, 256);
  EXPECT_EQ(f.written, 256);
  EXPECT_EQ(f.sectors, 16);  // two warps of 128 bytes, read and written
  EXPECT_EQ(f.ideal_sectors, 16);
}

TEST_F(Accesses, OddAddressesTouchOneSectorMore) {
  copy(nullptr, in + 1, out, 32, 1);
  const AccessFigures f = figures();
  EXPECT_EQ(f.sectors, 5 + 4);
  EXPECT_EQ(f.ideal_sectors, 4 + 4);
}

TEST_F(Accesses, DistantThreadsTouchASectorEach) {
  copy(nullptr, in, out, 32, 8);
  const AccessFigures f = figures();
  EXPECT_EQ(f.read, 128);
  EXPECT_EQ(f.sectors, 32 + 4);
  EXPECT_EQ(f.ideal_sectors, 4 + 4);
}

TEST_F(Accesses, VectorsAreOneRequest) {
  copy_vectors(nullptr, in, out, 32);
  const AccessFigures f = figures();
  EXPECT_EQ(f.read, 512);
  EXPECT_EQ(f.sectors, 16 + 16);
}

TEST_F(Accesses, WhatLanesShareCountsOncePerWarp) {
  broadcast(nullptr, in, out, 64);
  const AccessFigures f = figures();
  EXPECT_EQ(f.read, 2 * 4);
  EXPECT_EQ(f.sectors, 2 + 8);
  EXPECT_EQ(f.ideal_sectors, 2 + 8);
}

TEST_F(Accesses, LaunchesOfOneKernelAddUp) {
  copy(nullptr, in, out, 32, 1);
  copy(nullptr, in, out, 32, 8);
  const AccessFigures f = figures();
  EXPECT_EQ(f.launches, 2);
  EXPECT_EQ(f.sectors, 4 + 4 + 32 + 4);
}

TEST_F(Accesses, StridesInSharedMemoryConflictAsTheBanksSay) {
  for (const auto& [stride, ways] : {std::pair{1, 1}, {2, 2}, {3, 1}, {8, 8}, {32, 32}}) {
    record = {};
    scatter_shared(nullptr, stride);
    EXPECT_EQ(figures().bank_conflict, ways) << stride;
  }
}

TEST_F(Accesses, VectorsInSharedMemoryAreServedInPhases) {
  store_shared_vectors(nullptr);
  EXPECT_EQ(figures().bank_conflict, 1);
}

}  // namespace
}  // namespace accesses
