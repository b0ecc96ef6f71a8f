// The texts of a file: attributes and data sets of strings.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sparcell::hdf5 {

/// The texts that a rehearsal (rehearsal.h) read, by the address of the object in the file that has them.
class Texts {
 public:
  enum class Kind : std::uint8_t {
    attribute,  ///< its name
    values,     ///< of a data set; the name of a compound's member, else nothing
  };
  struct Place {
    std::uint64_t object;
    Kind kind;
    std::string name;
    auto operator<=>(const Place&) const = default;
  };

  /// Null where the rehearsal could not read them.
  const std::vector<std::string>* find(const Place& place) const;

  /// Appends one entry to a stream of them.
  static void write(std::FILE* stream, const Place& place, const std::vector<std::string>& texts);
  /// All entries of a stream; throws std::out_of_range where it is no such stream.
  static Texts from(std::string_view stream);

 private:
  std::map<Place, std::vector<std::string>> texts_;
};

}  // namespace sparcell::hdf5
