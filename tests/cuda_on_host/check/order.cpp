#include "cuda_on_host/check/order.h"

#include <algorithm>

namespace cuda_on_host::check {

void HappensBefore::begin_node(int node, const std::vector<bool>& before) {
  graph_->node = node;
  graph_->before = &before;
  ++launch_;  // of what the node does without a kernel
  graph_->node_of.push_back(node);
}

std::optional<Stamp> HappensBefore::host_stamp() const {
  if (!graph_) return std::nullopt;
  Stamp stamp;
  stamp.launch = launch_;
  stamp.bytes = 15;
  return stamp;
}

void HappensBefore::begin_launch(unsigned threads) {
  ++launch_;
  if (graph_) graph_->node_of.push_back(graph_->node);
  epochs_.resize(threads);
  known_.resize((threads + warp - 1) / warp * warp);
  fenced_.resize(threads);
  published_.clear();
}

void HappensBefore::begin_block(unsigned block) {
  block_ = block;
  interval_ = 0;
  std::fill(epochs_.begin(), epochs_.end(), std::uint16_t{0});
  std::fill(known_.begin(), known_.end(), Epochs{});
  std::fill(fenced_.begin(), fenced_.end(), 0u);
  taken_.clear();
}

void HappensBefore::warp_meeting(unsigned w, unsigned lanes) {
  const unsigned first = w * warp;
  Epochs together{};
  for (unsigned lane = 0; lane < warp; ++lane) {
    if ((lanes >> lane & 1) == 0) continue;
    for (unsigned other = 0; other < warp; ++other)
      together[other] = std::max(together[other], known_[first + lane][other]);
  }
  for (unsigned lane = 0; lane < warp; ++lane) {
    if (lanes >> lane & 1) together[lane] = ++epochs_[first + lane];
  }
  for (unsigned lane = 0; lane < warp; ++lane) {
    if (lanes >> lane & 1) known_[first + lane] = together;
  }
}

void HappensBefore::atomic(unsigned thread, const char* address) {
  auto& here = published_[address];
  for (const auto& [block, published] : here) {
    if (block != block_) taken_[block] = {published, interval_, thread};
  }
  const bool covered =
      fenced_[thread] > 0 && fenced_[thread] >= interval_;  // in this interval or the one before
  if (covered) here[block_] = {interval_, static_cast<std::uint16_t>(thread)};
}

Stamp HappensBefore::stamp(unsigned thread, unsigned bytes, bool atomic) const {
  Stamp stamp;
  stamp.launch = launch_;
  stamp.block = block_;
  stamp.interval = interval_;
  stamp.epoch = epochs_[thread];
  stamp.thread = static_cast<std::uint16_t>(thread & 1023);
  stamp.bytes = static_cast<std::uint16_t>(bytes & 15);
  stamp.atomic = atomic ? 1 : 0;
  return stamp;
}

bool HappensBefore::ordered(const Stamp& earlier, unsigned thread) const {
  if (earlier.launch != launch_) {
    if (!graph_ || earlier.launch < graph_->first_launch) return true;
    const int node = graph_->node_of[earlier.launch - graph_->first_launch];
    return node == graph_->node || (*graph_->before)[static_cast<std::size_t>(node)];
  }
  if (earlier.block == block_) {
    if (earlier.thread == thread || earlier.interval < interval_) return true;
    return earlier.thread / warp == thread / warp && earlier.epoch < known_[thread][earlier.thread % warp];
  }
  const auto found = taken_.find(earlier.block);
  if (found == taken_.end()) return false;
  const Taken& taken = found->second;
  if (taken.thread != thread && taken.interval >= interval_) return false;
  return earlier.interval < taken.published.interval ||
         (earlier.thread == taken.published.thread && earlier.interval == taken.published.interval);
}

}  // namespace cuda_on_host::check
