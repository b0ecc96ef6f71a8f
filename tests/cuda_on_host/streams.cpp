#include "cuda_on_host/streams.h"

#include <algorithm>

#include "cuda_on_host/execution.h"

namespace cuda_on_host {
namespace {

double passed = 0;

struct Streams {
  Stream null_stream;
  std::vector<std::unique_ptr<Stream>> created;
};
Streams& streams() {
  static Streams all;
  return all;
}

template <class Body>
void for_each_stream(Body&& body) {
  body(streams().null_stream);
  for (auto& stream : streams().created) body(*stream);
}

void drop_all() {
  for_each_stream([](Stream& stream) {
    stream.queue.clear();
    stream.done = stream.issued;
  });
}

}  // namespace

Stream* stream_of(cudaStream_t handle) {
  if (handle == nullptr) return &streams().null_stream;
  auto* const stream = reinterpret_cast<Stream*>(handle);
  for (const auto& known : streams().created) {
    if (known.get() == stream) return stream;
  }
  return nullptr;
}

Stream* create_stream() {
  streams().created.push_back(std::make_unique<Stream>());
  return streams().created.back().get();
}

void destroy_stream(Stream* stream) {
  std::erase_if(streams().created, [&](const auto& known) { return known.get() == stream; });
}

void enqueue(Stream& stream, Work work) {
  if (stream.capture) {
    auto& nodes = stream.capture->graph->nodes;
    nodes.push_back({std::move(work), stream.capture->after});
    stream.capture->after = {static_cast<int>(nodes.size()) - 1};
    return;
  }
  stream.queue.push_back(std::move(work));
  ++stream.issued;
}

void pass_time(double microseconds) { passed += microseconds; }
double clock_now() { return passed; }

void record(Stream& stream, Event& event) {
  event = {};
  event.stream = &stream;
  if (stream.capture) {
    event.position = stream.issued;
    event.graph = stream.capture->graph;
    event.after = stream.capture->after;
    return;
  }
  event.time = std::make_shared<double>(-1);
  enqueue(stream, [time = event.time] {
    *time = clock_now();
    return std::string();
  });
  event.position = stream.issued;
}

void wait(Stream& stream, const Event& event) {
  if (event.stream == nullptr) return;  // never recorded
  if (event.graph) {
    if (!stream.capture) {
      stream.capture = std::make_unique<Capture>();
      stream.capture->graph = event.graph;
    }
    auto& after = stream.capture->after;
    after.insert(after.end(), event.after.begin(), event.after.end());
    return;
  }
  enqueue(stream, [event] { return run_until(*event.stream, event.position); });
}

std::string run_until(Stream& stream, std::uint64_t position) {
  while (stream.done < position) {
    const Work work = std::move(stream.queue.front());
    stream.queue.pop_front();
    ++stream.done;
    std::string failure = work();
    if (!failure.empty()) {
      drop_all();
      return failure;
    }
  }
  return "";
}

std::string run_all() {
  std::string failure;
  for_each_stream([&](Stream& stream) {
    if (failure.empty()) failure = run_until(stream, stream.issued);
  });
  return failure;
}

void end_capture(const Graph& graph) {
  for_each_stream([&](Stream& stream) {
    if (stream.capture && stream.capture->graph.get() == &graph) stream.capture.reset();
  });
}

bool capturing() {
  bool any = false;
  for_each_stream([&](const Stream& stream) { any = any || stream.capture != nullptr; });
  return any;
}

std::string run_graph(const Graph& graph) {
  std::vector<bool> done(graph.nodes.size(), false);
  std::vector<int> order;
  for (std::size_t count = 0; count < graph.nodes.size();) {
    order_of(static_cast<int>(graph.nodes.size()), order);
    for (int i : order) {
      const Node& node = graph.nodes[static_cast<std::size_t>(i)];
      if (done[static_cast<std::size_t>(i)]) continue;
      if (!std::all_of(node.after.begin(), node.after.end(), [&](int before) { return done[before]; }))
        continue;
      std::string failure = node.work();
      if (!failure.empty()) return failure;
      done[static_cast<std::size_t>(i)] = true;
      ++count;
    }
  }
  return "";
}

}  // namespace cuda_on_host
