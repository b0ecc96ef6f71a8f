#include "cuda/memory.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <vector>

#include "cuda/architectures.h"
#include "cuda/recording.h"
#include "device/check.h"
#include "sparcell/core/branches.h"

namespace sparcell::cuda {
namespace {

constexpr std::size_t first_workspace = std::size_t{1} << 20;
/// On the emulated device scratch memory is no larger than asked for, so that who uses more is found.
#ifdef SPARCELL_EXACT_WORKSPACE
constexpr bool exact_workspace = true;
#else
constexpr bool exact_workspace = false;
#endif

/// A queue of work with the scratch memory that its ops share.
struct Lane {
  struct Workspace {
    void* memory;
    std::size_t size;
  };
  cudaStream_t stream = nullptr;
  std::vector<Workspace> workspaces;  ///< the last one serves; earlier ones may be in recorded work
  unsigned* tickets = nullptr;
};

/// Stream-ordered memory of one GPU. Everything is queued on one stream, but for the branch; what involves
/// host memory waits for it, so that callers may use ordinary memory and see results when a call returns.
class GpuMemory final : public DeviceMemory, public Branches {
 public:
  explicit GpuMemory(int index) : index_(index) {
    SPARCELL_CUDA_CHECK(cudaSetDevice(index_));
    cudaMemPool_t pool;
    std::uint64_t keep_all = UINT64_MAX;  // memory that is released stays with the process
    SPARCELL_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, index_));
    SPARCELL_CUDA_CHECK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep_all));
    open(trunk_);
  }
  ~GpuMemory() override {
    // Errors have been reported by the calls before; a destructor cannot throw.
    library_state_.reset();  // may have memory of its own
    close(branch_);
    close(trunk_);
    for (cudaEvent_t event : {forked_, branch_done_}) {
      if (event != nullptr) cudaEventDestroy(event);
    }
  }
  GpuMemory(const GpuMemory&) = delete;
  GpuMemory& operator=(const GpuMemory&) = delete;

  void* allocate(std::size_t bytes) override {
    void* memory = nullptr;
    const cudaError_t status = cudaMallocAsync(&memory, bytes, lane_->stream);
    if (status == cudaErrorMemoryAllocation) refuse(bytes);
    SPARCELL_CUDA_CHECK(status);
    return memory;
  }
  void release(void* memory, std::size_t) override { cudaFreeAsync(memory, lane_->stream); }
  void copy_to_device(void* device, const void* host, std::size_t bytes) override {
    SPARCELL_CUDA_CHECK(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, lane_->stream));
    synchronize();  // `host` may change when this returns
  }
  void copy_to_host(void* host, const void* device, std::size_t bytes) override {
    SPARCELL_CUDA_CHECK(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, lane_->stream));
    synchronize();
  }
  void copy_on_device(void* to, const void* from, std::size_t bytes) override {
    SPARCELL_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, lane_->stream));
  }
  void set_zero(void* device, std::size_t bytes) override {
    SPARCELL_CUDA_CHECK(cudaMemsetAsync(device, 0, bytes, lane_->stream));
  }
  void synchronize() override {
    require(!unjoined_, "the device is waited for while work runs beside, which nothing joined");
    SPARCELL_CUDA_CHECK(cudaStreamSynchronize(lane_->stream));
  }
  void* stream() override { return lane_->stream; }
  std::unique_ptr<Recording> record(std::function<void()> work) override {
    return cuda::record(trunk_.stream, work);
  }

  void allow(bool on) override { allowed_ = on; }
  void begin() override {
    require(lane_ == &trunk_, "a branch of a branch");
    if (!allowed_) return;
    if (branch_.stream == nullptr) {
      open(branch_);
      for (cudaEvent_t* event : {&forked_, &branch_done_})
        SPARCELL_CUDA_CHECK(cudaEventCreateWithFlags(event, cudaEventDisableTiming));
    }
    SPARCELL_CUDA_CHECK(cudaEventRecord(forked_, trunk_.stream));
    SPARCELL_CUDA_CHECK(cudaStreamWaitEvent(branch_.stream, forked_, 0));
    lane_ = &branch_;
    unjoined_ = true;
  }
  void end() override { lane_ = &trunk_; }
  void join() override {
    if (!unjoined_) return;
    unjoined_ = false;
    SPARCELL_CUDA_CHECK(cudaEventRecord(branch_done_, branch_.stream));
    SPARCELL_CUDA_CHECK(cudaStreamWaitEvent(trunk_.stream, branch_done_, 0));
  }

  void* workspace(std::size_t bytes) {
    std::vector<Lane::Workspace>& workspaces = lane_->workspaces;
    const auto serves = [&](const Lane::Workspace& known) {
      return exact_workspace ? bytes == known.size : bytes <= known.size;
    };
    const auto known = std::find_if(workspaces.rbegin(), workspaces.rend(), serves);
    if (known != workspaces.rend()) return known->memory;
    cudaStreamCaptureStatus capturing;
    SPARCELL_CUDA_CHECK(cudaStreamIsCapturing(lane_->stream, &capturing));
    require(capturing == cudaStreamCaptureStatusNone,
            "a recorded step asks for {} bytes of scratch memory, more than before it was recorded", bytes);
    const std::size_t least = workspaces.empty() ? first_workspace : 2 * workspaces.back().size;
    const std::size_t size = exact_workspace ? bytes : std::max(least, bytes);
    workspaces.push_back({allocate(size), size});
    return workspaces.back().memory;
  }
  unsigned* tickets() { return lane_->tickets; }
  std::unique_ptr<LibraryState>& library_state() { return library_state_; }

 private:
  void open(Lane& lane) {
    SPARCELL_CUDA_CHECK(cudaStreamCreateWithFlags(&lane.stream, cudaStreamNonBlocking));
    constexpr std::size_t bytes = most_tickets * sizeof(unsigned);
    SPARCELL_CUDA_CHECK(cudaMallocAsync(reinterpret_cast<void**>(&lane.tickets), bytes, lane.stream));
    SPARCELL_CUDA_CHECK(cudaMemsetAsync(lane.tickets, 0, bytes, lane.stream));
  }
  void close(Lane& lane) {
    if (lane.stream == nullptr) return;
    for (const Lane::Workspace& workspace : lane.workspaces) cudaFreeAsync(workspace.memory, lane.stream);
    cudaFreeAsync(lane.tickets, lane.stream);
    cudaStreamSynchronize(lane.stream);
    cudaStreamDestroy(lane.stream);
  }
  [[noreturn]] void refuse(std::size_t bytes) {
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    SPARCELL_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    constexpr double mebibyte = 1 << 20;
    throw MemoryError(
        "out of memory on cuda:{}: {:.1f} MiB are needed, {:.1f} of {:.1f} MiB are free; lower train.batch, "
        "select fewer genes, or use device: cpu",
        index_, static_cast<double>(bytes) / mebibyte, static_cast<double>(free) / mebibyte,
        static_cast<double>(total) / mebibyte);
  }

  int index_;
  Lane trunk_, branch_;
  Lane* lane_ = &trunk_;  ///< where work is queued now
  bool allowed_ = false, unjoined_ = false;
  cudaEvent_t forked_ = nullptr, branch_done_ = nullptr;
  std::unique_ptr<LibraryState> library_state_;
};

GpuMemory& memory_of(Context& context) { return static_cast<GpuMemory&>(context.memory()); }

/// Why this build cannot use a GPU; empty where it can.
std::string problem_of(int index) {
  int major = 0, minor = 0;
  SPARCELL_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, index));
  SPARCELL_CUDA_CHECK(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, index));
  if (has_code_for(SPARCELL_CUDA_ARCHITECTURES, major, minor)) return "";
  return fmt::format(
      "GPU {} has compute capability {}.{}, for which this build ({}) has no kernels (cmake --preset "
      "architectures makes those for all from 7.5 on)",
      index, major, minor, SPARCELL_CUDA_ARCHITECTURES);
}

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

}  // namespace

Devices find_devices() {
  Devices devices;
  const cudaError_t status = cudaGetDeviceCount(&devices.count);
  if (status == cudaSuccess && devices.count > 0) {
    for (int index = 0; index < devices.count; ++index) {
      devices.problems.push_back(problem_of(index));
      if (devices.first < 0 && devices.problems.back().empty()) devices.first = index;
    }
    if (devices.first < 0) devices.reason = devices.problems.front();
    return devices;
  }
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
