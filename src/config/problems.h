// Everything that is wrong with a configuration, reported at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace sparcell::config {

class Problems {
 public:
  /// `path` is the key that the problem is about.
  void add(const Place& place, std::string_view path, std::string sentence);

  /// Whether a key at or below `path` has a problem: its value is then not the one that the user meant.
  bool touch(std::string_view path) const;

  /// Throws a UsageError with one line `place: sentence` for each problem, in the order of the text; returns
  /// if there is none.
  void throw_any() const;

 private:
  struct Problem {
    Place place;
    std::string path;
    std::string sentence;
  };
  std::vector<Problem> problems_;
};

}  // namespace sparcell::config
