#include "cuda_on_host/streams.h"

#include <algorithm>

#include "cuda_on_host/checker.h"
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

}  // namespace

void drop_all() {
  for_each_stream([](Stream& stream) {
    stream.queue.clear();
    stream.done = stream.issued;
  });
}

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

namespace {

/// For every node the nodes that are done before it begins, whatever the order.
std::vector<std::vector<bool>> all_before(const Graph& graph) {
  std::vector<std::vector<bool>> before(graph.nodes.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    before[i].resize(before.size());
    for (int node : graph.nodes[i].after) {
      const auto direct = static_cast<std::size_t>(node);
      before[i][direct] = true;
      for (std::size_t k = 0; k < direct; ++k) {
        if (before[direct][k]) before[i][k] = true;
      }
    }
  }
  return before;
}

}  // namespace

std::string run_graph(const Graph& graph) {
  const auto before = checker != nullptr ? all_before(graph) : std::vector<std::vector<bool>>{};
  if (checker != nullptr) checker->begin_graph();
  std::vector<bool> done(graph.nodes.size(), false);
  std::vector<int> order;
  std::string failure;
  for (std::size_t count = 0; count < graph.nodes.size() && failure.empty();) {
    order_of(static_cast<int>(graph.nodes.size()), order);
    for (int i : order) {
      const auto number = static_cast<std::size_t>(i);
      const Node& node = graph.nodes[number];
      if (done[number]) continue;
      if (!std::all_of(node.after.begin(), node.after.end(), [&](int earlier) { return done[earlier]; }))
        continue;
      if (checker != nullptr) checker->begin_node(i, before[number]);
      failure = node.work();
      if (!failure.empty()) break;
      done[number] = true;
      ++count;
    }
  }
  if (checker != nullptr) checker->end_graph();
  return failure;
}

}  // namespace cuda_on_host
