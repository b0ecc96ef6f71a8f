// Milliseconds that training stands still for a checkpoint of a model of about ten million parameters, and
// those that writing takes behind it.
//   bench_checkpoint FOLDER [checkpoints]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "train/checkpoint_writer.h"

namespace {

using namespace sparcell;

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_checkpoint FOLDER [checkpoints]\n");
    return 2;
  }
  const std::string folder = argv[1];
  const int count = argc > 2 ? std::atoi(argv[2]) : 20;
  constexpr std::int64_t genes = 9000;
  ModelOptions options;
  options.network.hidden = {512, 256};
  options.network.dropout = {0.1, 0.1};
  Context context;
  Csr<float> nothing;
  nothing.cols = genes;
  const DeviceData<float> data(context, nothing, {});
  const auto model = make_model<float>(context, options, data, 1);
  model->initialize();
  const auto best = std::make_shared<const TensorSnapshot>(snapshot(*model, false));
  CheckpointWriter writer(*model, {}, {folder + "/last.h5", folder + "/previous.h5", folder + "/best.h5"},
                          [](const TensorSnapshot&, std::int64_t) {});
  std::vector<double> stalls, writes;
  for (int i = 0; i < count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    writer.save({}, best, {});
    stalls.push_back(milliseconds_since(start));
    writer.wait();
    writes.push_back(milliseconds_since(start));
  }
  std::sort(stalls.begin(), stalls.end());
  std::sort(writes.begin(), writes.end());
  std::printf(
      "%.1f M parameters: training stalls %.1f ms (%.1f to %.1f ms), a checkpoint is on the disk after %.0f "
      "ms "
      "(medians of %d)\n",
      1e-6 * static_cast<double>(model->parameter_count()), stalls[stalls.size() / 2], stalls.front(),
      stalls.back(), writes[writes.size() / 2], count);
  return 0;
}
