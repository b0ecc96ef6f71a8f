// Streams that are as late as CUDA allows: work is queued, and runs when somebody waits for it.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cuda_on_host {

/// Something that a stream does: what went wrong, empty where nothing did.
using Work = std::function<std::string()>;

/// Work in an order that respects `after`, the numbers of earlier nodes that a node waits for.
struct Node {
  Work work;
  std::vector<int> after;
};
struct Graph {
  std::vector<Node> nodes;
};

/// What a stream's next work waits for while it is captured.
struct Capture {
  std::shared_ptr<Graph> graph;
  std::vector<int> after;
  bool origin = false;  ///< cudaStreamBeginCapture was called on this stream
};

struct Stream {
  std::deque<Work> queue;
  std::uint64_t issued = 0, done = 0;
  std::unique_ptr<Capture> capture;
};

/// A point in a stream, or in a capture.
struct Event {
  Stream* stream = nullptr;
  std::uint64_t position = 0;
  std::shared_ptr<double> time =
      {};  ///< when the stream passed it, in microseconds; -1 before that, null in a capture
  std::shared_ptr<Graph> graph;
  std::vector<int> after;
};

/// The stream of a handle; the null stream for null. Null for what is no stream.
Stream* stream_of(cudaStream_t handle);
Stream* create_stream();
void destroy_stream(Stream* stream);

/// The device's clock, in microseconds: work that takes time says how much.
void pass_time(double microseconds);
double clock_now();

/// Queues work, or makes it a node of the graph that is being captured.
void enqueue(Stream& stream, Work work);
void record(Stream& stream, Event& event);
void wait(Stream& stream, const Event& event);

/// The work of all streams is gone, as that of a device that failed: nothing writes to the host's arrays any more,
/// which may be gone too.
void drop_all();

/// Runs what was queued, up to `position`; what went wrong, empty where nothing did. A failure drops the work
/// of all streams, as a device that failed does.
std::string run_until(Stream& stream, std::uint64_t position);
std::string run_all();

/// Streams that were captured into `graph` are so no longer.
void end_capture(const Graph& graph);

/// Whether any stream is captured: then nothing may wait or allocate.
bool capturing();

/// Runs a graph's nodes, in the order of capture or, where the order is random, in any that respects the
/// edges.
std::string run_graph(const Graph& graph);

}  // namespace cuda_on_host
