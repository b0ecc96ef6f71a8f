// The runtime API: streams, events, graphs; and launches.
#include <algorithm>

#include "cuda_on_host/device_runtime.h"
#include "cuda_on_host/execution.h"
#include "cuda_on_host/runtime.h"

using namespace cuda_on_host;

namespace cuda_on_host {
namespace {

constexpr const char* no_stream = "this is no stream";

template <class Handle, class Object>
Handle handle_of(Object* object) {
  return reinterpret_cast<Handle>(object);
}
Event& event_of(cudaEvent_t event) { return *reinterpret_cast<Event*>(event); }
using SharedGraph = std::shared_ptr<Graph>;
SharedGraph& graph_of(cudaGraph_t graph) { return *reinterpret_cast<SharedGraph*>(graph); }
SharedGraph& graph_of(cudaGraphExec_t graph) { return *reinterpret_cast<SharedGraph*>(graph); }

/// Nodes are their numbers, from 1 on.
cudaGraphNode_t node_handle(std::size_t number) { return reinterpret_cast<cudaGraphNode_t>(number + 1); }

/// Whether each stream that joined the capture of `origin` was joined to it again.
bool joined(const Graph& graph, const std::vector<int>& last) {
  std::vector<bool> reached(graph.nodes.size(), false);
  std::vector<int> open = last;
  while (!open.empty()) {
    const auto node = static_cast<std::size_t>(open.back());
    open.pop_back();
    if (reached[node]) continue;
    reached[node] = true;
    open.insert(open.end(), graph.nodes[node].after.begin(), graph.nodes[node].after.end());
  }
  return std::find(reached.begin(), reached.end(), false) == reached.end();
}

}  // namespace

cudaError_t launch_closure(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> body) {
  Stream* const stream = stream_of(config.stream);
  if (stream == nullptr) return report(cudaErrorInvalidResourceHandle, no_stream);
  enqueue(*stream, [launch = Launch{kernel, config.gridDim, config.blockDim, config.dynamicSmemBytes,
                                    std::move(body)}] { return execute(launch); });
  return cudaSuccess;
}

}  // namespace cuda_on_host

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  if (flags != cudaStreamNonBlocking)
    return report(cudaErrorInvalidValue, "streams that wait for the null stream are not emulated");
  *stream = handle_of<cudaStream_t>(create_stream());
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  Stream* const stream = stream_of(handle);
  if (stream == nullptr || handle == nullptr) return report(cudaErrorInvalidResourceHandle, no_stream);
  const std::string failure = run_until(*stream, stream->issued);
  destroy_stream(stream);
  return report_failure(failure);
}
cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  if (const cudaError_t refused = refuse_in_capture("a synchronization"); refused != cudaSuccess)
    return refused;
  Stream* const stream = stream_of(handle);
  if (stream == nullptr) return report(cudaErrorInvalidResourceHandle, no_stream);
  return report_failure(run_until(*stream, stream->issued));
}
cudaError_t cudaDeviceSynchronize() {
  if (const cudaError_t refused = refuse_in_capture("a synchronization"); refused != cudaSuccess)
    return refused;
  return report_failure(run_all());
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = handle_of<cudaEvent_t>(new Event);
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete &event_of(event);
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  record(*stream_of(stream), event_of(event));
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  wait(*stream_of(stream), event_of(event));
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  if (const cudaError_t refused = refuse_in_capture("a synchronization"); refused != cudaSuccess)
    return refused;
  const Event& event = event_of(handle);
  return event.stream == nullptr ? cudaSuccess : report_failure(run_until(*event.stream, event.position));
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  *status = stream_of(stream)->capture ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode) {
  Stream* const stream = stream_of(handle);
  if (stream == nullptr || handle == nullptr)
    return report(cudaErrorStreamCaptureUnsupported, "the null stream cannot be captured");
  if (stream->capture) return report(cudaErrorIllegalState, "the stream is being captured already");
  stream->capture = std::make_unique<Capture>();
  stream->capture->graph = std::make_shared<Graph>();
  stream->capture->origin = true;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  Stream* const stream = stream_of(handle);
  *graph = nullptr;
  if (stream == nullptr || !stream->capture || !stream->capture->origin)
    return report(cudaErrorStreamCaptureUnmatched, "no capture began on this stream");
  const SharedGraph captured = stream->capture->graph;
  const bool whole = joined(*captured, stream->capture->after);
  end_capture(*captured);
  if (!whole)
    return report(cudaErrorStreamCaptureUnjoined, "a captured stream was not joined to the first one");
  *graph = handle_of<cudaGraph_t>(new SharedGraph(captured));
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = handle_of<cudaGraphExec_t>(new SharedGraph(std::make_shared<Graph>(*graph_of(graph))));
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  enqueue(*stream_of(stream), [shared = graph_of(graph)] { return run_graph(*shared); });
  return cudaSuccess;
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  const std::size_t size = graph_of(graph)->nodes.size();
  for (std::size_t i = 0; nodes != nullptr && i < std::min(*count, size); ++i) nodes[i] = node_handle(i);
  *count = size;
  return cudaSuccess;
}
cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                              cudaGraphEdgeData*, std::size_t* count) {
  const auto& nodes = graph_of(graph)->nodes;
  std::size_t edges = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (int before : nodes[i].after) {
      if (from != nullptr && edges < *count) {
        from[edges] = node_handle(static_cast<std::size_t>(before));
        to[edges] = node_handle(i);
      }
      ++edges;
    }
  }
  *count = edges;
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete &graph_of(graph);
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  delete &graph_of(graph);
  return cudaSuccess;
}

}  // extern "C"
