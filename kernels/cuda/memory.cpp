#include "cuda/memory.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <vector>

#include "cuda/recording.h"
#include "device/check.h"

namespace sparcell::cuda {
namespace {

constexpr std::size_t first_workspace = std::size_t{1} << 20;

/// Stream-ordered memory of one GPU. Everything is queued on one stream; what involves host memory waits for
/// it, so that callers may use ordinary memory and see results when a call returns.
class GpuMemory final : public DeviceMemory {
 public:
  explicit GpuMemory(int index) : index_(index) {
    SPARCELL_CUDA_CHECK(cudaSetDevice(index_));
    SPARCELL_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    cudaMemPool_t pool;
    std::uint64_t keep_all = UINT64_MAX;  // memory that is released stays with the process
    SPARCELL_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, index_));
    SPARCELL_CUDA_CHECK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep_all));
    tickets_ = static_cast<unsigned*>(allocate(most_tickets * sizeof(unsigned)));
    set_zero(tickets_, most_tickets * sizeof(unsigned));
  }
  ~GpuMemory() override {
    // Errors have been reported by the calls before; a destructor cannot throw.
    library_state_.reset();  // has memory of its own
    for (const Workspace& workspace : workspaces_) cudaFreeAsync(workspace.memory, stream_);
    cudaFreeAsync(tickets_, stream_);
    cudaStreamSynchronize(stream_);
    cudaStreamDestroy(stream_);
  }
  GpuMemory(const GpuMemory&) = delete;
  GpuMemory& operator=(const GpuMemory&) = delete;

  void* allocate(std::size_t bytes) override {
    void* memory = nullptr;
    const cudaError_t status = cudaMallocAsync(&memory, bytes, stream_);
    if (status == cudaErrorMemoryAllocation) refuse(bytes);
    SPARCELL_CUDA_CHECK(status);
    return memory;
  }
  void release(void* memory, std::size_t) override { cudaFreeAsync(memory, stream_); }
  void copy_to_device(void* device, const void* host, std::size_t bytes) override {
    SPARCELL_CUDA_CHECK(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream_));
    synchronize();  // `host` may change when this returns
  }
  void copy_to_host(void* host, const void* device, std::size_t bytes) override {
    SPARCELL_CUDA_CHECK(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream_));
    synchronize();
  }
  void copy_on_device(void* to, const void* from, std::size_t bytes) override {
    SPARCELL_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_));
  }
  void set_zero(void* device, std::size_t bytes) override {
    SPARCELL_CUDA_CHECK(cudaMemsetAsync(device, 0, bytes, stream_));
  }
  void synchronize() override { SPARCELL_CUDA_CHECK(cudaStreamSynchronize(stream_)); }
  void* stream() override { return stream_; }
  std::unique_ptr<Recording> record(std::function<void()> work) override {
    return cuda::record(stream_, work);
  }

  void* workspace(std::size_t bytes) {
    if (!workspaces_.empty() && bytes <= workspaces_.back().size) return workspaces_.back().memory;
    cudaStreamCaptureStatus capturing;
    SPARCELL_CUDA_CHECK(cudaStreamIsCapturing(stream_, &capturing));
    require(capturing == cudaStreamCaptureStatusNone,
            "a recorded step asks for {} bytes of scratch memory, more than before it was recorded", bytes);
    const std::size_t least = workspaces_.empty() ? first_workspace : 2 * workspaces_.back().size;
    const std::size_t size = std::max(least, bytes);
    workspaces_.push_back({allocate(size), size});
    return workspaces_.back().memory;
  }
  unsigned* tickets() { return tickets_; }
  std::unique_ptr<LibraryState>& library_state() { return library_state_; }

 private:
  [[noreturn]] void refuse(std::size_t bytes) {
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    SPARCELL_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    constexpr double mebibyte = 1 << 20;
    throw MemoryError(
        "out of memory on cuda:{}: {:.1f} MiB are needed, {:.1f} of {:.1f} MiB are free; lower train.batch, "
        "select "
        "fewer genes, or use device: cpu",
        index_, static_cast<double>(bytes) / mebibyte, static_cast<double>(free) / mebibyte,
        static_cast<double>(total) / mebibyte);
  }

  int index_;
  cudaStream_t stream_ = nullptr;
  struct Workspace {
    void* memory;
    std::size_t size;
  };
  std::vector<Workspace> workspaces_;  ///< the last one serves; earlier ones may be in recorded work
  unsigned* tickets_ = nullptr;
  std::unique_ptr<LibraryState> library_state_;
};

GpuMemory& memory_of(Context& context) { return static_cast<GpuMemory&>(context.memory()); }

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

}  // namespace

Devices find_devices() {
  Devices devices;
  const cudaError_t status = cudaGetDeviceCount(&devices.count);
  if (status == cudaSuccess && devices.count > 0) return devices;
  cudaGetLastError();
  devices.count = 0;
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) {
    devices.reason = "no NVIDIA driver is installed";
  } else if (status == cudaErrorInsufficientDriver) {
    devices.reason = fmt::format("the NVIDIA driver supports CUDA {}, this build needs {}",
                                 version_text(driver), version_text(CUDART_VERSION));
  } else if (status == cudaSuccess || status == cudaErrorNoDevice) {
    devices.reason = "the NVIDIA driver sees no GPU (is CUDA_VISIBLE_DEVICES empty?)";
  } else {
    devices.reason = fmt::format("CUDA says: {}", cudaGetErrorString(status));
  }
  return devices;
}

std::unique_ptr<DeviceMemory> make_memory(int index) { return std::make_unique<GpuMemory>(index); }

void* workspace(Context& context, std::size_t bytes) { return memory_of(context).workspace(bytes); }

unsigned* tickets(Context& context) { return memory_of(context).tickets(); }

std::unique_ptr<LibraryState>& library_state(Context& context) { return memory_of(context).library_state(); }

}  // namespace sparcell::cuda
