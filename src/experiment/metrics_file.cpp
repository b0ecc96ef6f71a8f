#include <algorithm>
#include <charconv>
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

void add_lines(std::string& lines, const std::string& model, const EpochRecord& record, const char* split,
               const LossParts& parts) {
  for (const auto& [name, value] : parts)
    lines += fmt::format("{},{},{},{},{},{}\n", record.epoch, record.step, model, split, name, value);
}

}  // namespace

MetricsFile::MetricsFile(const std::string& path) : path_(path) {
  if (!std::filesystem::exists(path)) write_file(path, std::string(header) + "\n");
  file_.emplace(path);
}

void MetricsFile::add(const std::string& model, const EpochRecord& record) {
  std::string lines;
  add_lines(lines, model, record, "train", record.train);
  add_lines(lines, model, record, "validation", record.validation);
  add_lines(lines, model, record, "train", record.diagnostics);
  file_->append(lines);
}

void MetricsFile::sync() { file_->sync(); }

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
  file_.reset();
  write_file(path_, text);
  file_.emplace(path_);
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
