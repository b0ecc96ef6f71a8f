// Experiments written in tests, and what loading them says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "config/describe_experiment.h"
#include "sparcell/config.h"
#include "sparcell/core/errors.h"
#include "support/temporary.h"

namespace sparcell {

/// A folder of its own, which is the working directory, so that errors name files without a path.
class ConfigTest : public testing::Test {
 protected:
  ConfigTest() { std::filesystem::current_path(folder_.path()); }
  ~ConfigTest() override { std::filesystem::current_path(before_); }

  static void write(const std::string& name, const std::string& text) { write_bytes(name, text); }

  static Experiment load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    write("e.yaml", text);
    return load_experiment("e.yaml", overrides);
  }

  /// The lines of the error; none where the file loads.
  static std::vector<std::string> errors(const std::string& text,
                                         const std::vector<std::string>& overrides = {}) {
    const std::string error = error_of([&] { load(text, overrides); }, ExitCode::usage);
    if (error == "no error") return {};
    std::vector<std::string> lines;
    std::istringstream stream(error);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  /// The file that every test changes: it loads.
  static std::string minimal(const std::string& more = "") {
    return "read: {path: data.h5ad}\nmodel: {ae: {type: autoencoder}}\n" + more;
  }

 private:
  TemporaryFolder folder_;
  std::filesystem::path before_ = std::filesystem::current_path();
};

/// Every value of an experiment with its path, by a visitor that shares nothing with the code under test.
class ValueList {
 public:
  std::vector<std::pair<std::string, std::string>> values;

  template <class T>
  void field(std::string_view name, const T& value, std::string_view) {
    add(name, text(value));
  }
  template <class T>
  void field(std::string_view name, const T& value, const Bounds&, std::string_view) {
    add(name, text(value));
  }
  template <class Section>
  void section(std::string_view name, Section& options, std::string_view) {
    within(name, [&] { describe(*this, options); });
  }
  void map(std::string_view name, const std::vector<std::pair<std::string, std::vector<std::string>>>& map,
           std::string_view) {
    std::string all;
    for (const auto& [key, list] : map) all += key + "=" + text(list);
    add(name, all);
  }
  void word(std::string_view name, const WordOrNumber& value, std::initializer_list<std::string_view>,
            const Bounds&, std::string_view) {
    add(name, value.word + "|" + text(value.number));
  }
  void shorthand(std::string_view word, bool flag, bool, std::string_view) { add(word, text(flag)); }
  void models(std::string_view name, ModelSet& models, TrainOptions&, std::string_view) {
    within(name, [&] {
      for (auto& [model, options] : models) {
        within(model, [&] {
          describe(*this, options);
          within("train", [&] { describe_own_train(*this, options); });
        });
      }
    });
  }

 private:
  template <class Body>
  void within(std::string_view name, Body&& body) {
    const std::string outer = path_;
    path_ += std::string(name) + ".";
    body();
    path_ = outer;
  }
  void add(std::string_view name, std::string value) {
    values.emplace_back(path_ + std::string(name), std::move(value));
  }

  static std::string text(bool value) { return value ? "yes" : "no"; }
  static std::string text(std::int64_t value) { return std::to_string(value); }
  static std::string text(double value) {
    char digits[64];
    std::snprintf(digits, sizeof digits, "%a", value);  // every bit
    return digits;
  }
  static std::string text(const std::string& value) { return "'" + value + "'"; }
  template <NamedEnum Enum>
  static std::string text(Enum value) {
    return std::to_string(static_cast<int>(value));
  }
  template <class T>
  static std::string text(const std::optional<T>& value) {
    return value ? text(*value) : "none";
  }
  template <class T>
  static std::string text(const std::vector<T>& list) {
    std::string all;
    for (const T& item : list) all += text(item) + ";";
    return all;
  }

  std::string path_;
};

inline std::vector<std::pair<std::string, std::string>> values_of(Experiment experiment) {
  ValueList list;
  describe(list, experiment);
  return list.values;
}

}  // namespace sparcell
