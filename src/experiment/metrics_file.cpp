#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iterator>
#include <set>

#include "core/whole_file.h"
#include "experiment/run_folder.h"

namespace sparcell {
namespace {

constexpr const char* header = "epoch,step,model,split,name,value";

/// The first and the third field of a line: epoch and model. Names of models need no quotes.
struct LineKey {
  std::int64_t epoch = -1;
  std::string_view model;

  explicit LineKey(std::string_view line) {
    std::from_chars(line.data(), line.data() + line.size(), epoch);
    const std::size_t step = line.find(',');
    const std::size_t name = step == line.npos ? line.npos : line.find(',', step + 1);
    if (name != line.npos) model = line.substr(name + 1, line.find(',', name + 1) - name - 1);
  }
};

}  // namespace

MetricsFile::MetricsFile(const std::string& path) : path_(path) {
  if (!std::filesystem::exists(path)) write_file(path, std::string(header) + "\n");
  open();
}

MetricsFile::~MetricsFile() {
  if (file_ != nullptr) std::fclose(file_);
}

void MetricsFile::open() {
  file_ = std::fopen(path_.c_str(), "ab");
  if (file_ == nullptr) fail();
}

void MetricsFile::fail() const {
  throw WriteError("{}: cannot be written ({})", path_, std::strerror(errno));
}

void MetricsFile::add(const std::string& model, const EpochRecord& record) {
  add(model, record, "train", record.train);
  add(model, record, "validation", record.validation);
  add(model, record, "train", record.diagnostics);
  if (std::fflush(file_) != 0 || std::ferror(file_) != 0) fail();
}

void MetricsFile::add(const std::string& model, const EpochRecord& record, const char* split,
                      const LossParts& parts) {
  for (const auto& [name, value] : parts) {
    const std::string line =
        fmt::format("{},{},{},{},{},{}\n", record.epoch, record.step, model, split, name, value);
    std::fwrite(line.data(), 1, line.size(), file_);
  }
}

void MetricsFile::sync() {
  if (::fsync(::fileno(file_)) != 0) fail();
}

std::vector<std::string> MetricsFile::whole_lines() const {
  std::ifstream file(path_, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  if (lines.empty() || lines.front() != header)
    throw DataError("{}: the first line is not {}; the file is damaged", path_, header);
  return lines;
}

void MetricsFile::replace(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  std::fclose(std::exchange(file_, nullptr));
  write_file(path_, text);
  open();
}

std::int64_t MetricsFile::cut_back(const std::string& model, std::int64_t epoch) {
  std::vector<std::string> kept;
  std::set<std::int64_t> epochs;
  for (std::string& line : whole_lines()) {
    const LineKey key(line);
    if (key.model == model && key.epoch >= epoch) continue;
    if (key.model == model) epochs.insert(key.epoch);
    kept.push_back(std::move(line));
  }
  replace(kept);
  return std::ssize(epochs);
}

void MetricsFile::sort(const std::vector<std::string>& models) {
  std::vector<std::string> lines = whole_lines();
  const auto place = [&](const std::string& line) {
    return std::find(models.begin(), models.end(), LineKey(line).model) - models.begin();
  };
  const auto before = [&](const std::string& a, const std::string& b) { return place(a) < place(b); };
  if (std::is_sorted(lines.begin() + 1, lines.end(), before)) return;
  std::stable_sort(lines.begin() + 1, lines.end(), before);
  replace(lines);
}

}  // namespace sparcell
