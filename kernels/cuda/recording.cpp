#include "cuda/recording.h"

#include "device/check.h"

namespace sparcell::cuda {
namespace {

class GraphRecording final : public Recording {
 public:
  GraphRecording(cudaStream_t stream, cudaGraphExec_t graph) : stream_(stream), graph_(graph) {}
  ~GraphRecording() override { cudaGraphExecDestroy(graph_); }
  GraphRecording(const GraphRecording&) = delete;
  GraphRecording& operator=(const GraphRecording&) = delete;

  void run() override { SPARCELL_CUDA_CHECK(cudaGraphLaunch(graph_, stream_)); }

 private:
  cudaStream_t stream_;
  cudaGraphExec_t graph_;
};

/// What `work` queues; the stream is not left in capture, whatever happens.
cudaGraph_t capture(cudaStream_t stream, const std::function<void()>& work) {
  cudaGraph_t graph = nullptr;
  SPARCELL_CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  try {
    work();
  } catch (...) {
    if (cudaStreamEndCapture(stream, &graph) == cudaSuccess) cudaGraphDestroy(graph);
    throw;
  }
  SPARCELL_CUDA_CHECK(cudaStreamEndCapture(stream, &graph));
  return graph;
}

}  // namespace

std::unique_ptr<Recording> record(cudaStream_t stream, const std::function<void()>& work) {
  const cudaGraph_t graph = capture(stream, work);
  cudaGraphExec_t executable = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  SPARCELL_CUDA_CHECK(status);
  return std::make_unique<GraphRecording>(stream, executable);
}

}  // namespace sparcell::cuda
