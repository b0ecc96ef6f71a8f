// Event files as TensorBoard reads them: scalars and histograms.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "core/appended_file.h"
#include "train/checkpoint.h"

namespace sparcell {

/// `events.out.tfevents.<seconds>.<host>.<process>` in a folder: records of length, masked CRC-32C of it, an
/// Event message (protobuf), masked CRC-32C of that. Can be called from several threads. A resumed run has a
/// file for every process; what they share has equal values.
class EventFile {
 public:
  explicit EventFile(const std::string& folder);

  /// An epoch's numbers as <model>/<split>/<name>.
  void add(const std::string& model, const EpochRecord& record);
  void add_scalar(const std::string& tag, std::int64_t step, double value);
  /// Of the finite values, in equal buckets between the smallest and the largest.
  void add_histogram(const std::string& tag, std::int64_t step, std::span<const float> values);

 private:
  void write_event(const std::string& content);
  void flush();

  AppendedFile file_;
  std::string pending_;  ///< events since the last flush
  std::mutex mutex_;
};

}  // namespace sparcell
