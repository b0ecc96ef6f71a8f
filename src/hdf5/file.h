// Files, groups, data sets and attributes of HDF5 over its C API. Errors are DataErrors that name the file
// and the path inside it. The library is called from one thread at a time.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/whole_file.h"
#include "hdf5/handle.h"
#include "hdf5/texts.h"

namespace sparcell::hdf5 {

/// Numbers that go in and out; reading converts from whatever number the file holds.
template <class T>
concept Number = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::int32_t> ||
    std::same_as<T, std::int64_t> || std::same_as<T, std::uint8_t>;

/// What an element of a data set or attribute is in the file.
struct ElementType {
  enum class Kind { integer, floating, boolean, string, compound, reference, other };
  Kind kind = Kind::other;
  int bytes = 0;
  bool is_signed = false;
  std::int64_t length = 1;  ///< elements, for an array member of a compound

  bool is_number() const { return kind == Kind::integer || kind == Kind::floating || kind == Kind::boolean; }
  /// As numpy says it: float32, int64, uint8, bool, string...
  std::string name() const;
};

struct Member {
  std::string name;
  ElementType type;
};

/// What every object of a file shares.
struct FileFacts {
  std::string name;
  /// Where it is there, texts are taken from it and never from HDF5.
  std::optional<Texts> texts;
};
using SharedFacts = std::shared_ptr<const FileFacts>;

/// Anything with a place in a file: carries attributes.
class Object {
 public:
  Object() = default;
  Object(Handle id, SharedFacts facts, std::string path)
      : id_(std::move(id)), facts_(std::move(facts)), path_(std::move(path)) {}

  hid_t id() const { return id_.get(); }
  const SharedFacts& facts() const { return facts_; }
  const std::string& file() const { return facts_->name; }
  const std::string& path() const { return path_; }  ///< inside the file: "/obs/n_genes"
  std::string where() const;                         ///< "norman.h5ad: /obs/n_genes"
  /// Where `facts()->texts` has texts of this object.
  Texts::Place place(Texts::Kind kind, const std::string& name) const;

  bool has_attribute(const std::string& name) const;
  std::string text(const std::string& attribute) const;
  std::vector<std::string> texts(const std::string& attribute) const;
  std::int64_t integer(const std::string& attribute) const;  ///< also a boolean's 0 or 1
  std::vector<std::int64_t> integers(const std::string& attribute) const;
  double number(const std::string& attribute) const;
  std::vector<double> numbers(const std::string& attribute) const;

  void set(const std::string& attribute, std::string_view value) const;
  void set(const std::string& attribute, const char* value) const { set(attribute, std::string_view(value)); }
  void set(const std::string& attribute, std::span<const std::string> values) const;
  void set(const std::string& attribute, std::int64_t value) const;
  void set(const std::string& attribute, std::span<const std::int64_t> values) const;
  void set(const std::string& attribute, double value) const;
  void set(const std::string& attribute, bool value) const;

 protected:
  Handle id_;
  SharedFacts facts_;
  std::string path_;

 private:
  Handle open_attribute(const std::string& name) const;
  void write_attribute(const std::string& name, hid_t type, hid_t space, const void* value) const;
};

class ChunkReader;

class Dataset : public Object {
 public:
  Dataset(Handle id, SharedFacts facts, std::string path);

  const ElementType& type() const { return type_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }  ///< empty: a single value
  std::int64_t size() const;                                         ///< elements
  /// `size`, or a DataError where the bytes that the file stores cannot hold as many: what damaged headers
  /// claim.
  std::size_t plausible_size() const;
  std::vector<Member> members() const;  ///< of a compound

  /// All elements in row-major order. Throws where they are not numbers, for a floating number asked for as
  /// an integer, and for an integer that T does not hold.
  template <Number T>
  std::vector<T> read() const {
    std::vector<T> values(plausible_size());
    read_rows(0, shape_.empty() ? 1 : shape_[0], values.data());
    return values;
  }
  /// Elements [first, first + count) of the first dimension with all of the others; chunks are decoded by up
  /// to `threads`.
  template <Number T>
  void read_rows(std::int64_t first, std::int64_t count, T* values, int threads = 1) const;
  std::vector<std::string> read_strings() const;

  /// One member of a compound, `length` elements a row.
  template <Number T>
  std::vector<T> read_member(const Member& member) const;
  std::vector<std::string> read_member_strings(const Member& member) const;

  /// The data set that an attribute holds a reference to.
  Dataset referenced_by(const std::string& attribute) const;

  /// Elements of the first dimension in one stored chunk, 0 where the data are stored in one piece.
  std::int64_t chunk_rows() const;
  /// Throws where a filter is needed that nobody here can undo (filters.h), naming it.
  void check_filters() const;

 private:
  void check_is_number(bool as_integer) const;
  template <Number T>
  void read_numbers(std::int64_t first, std::int64_t count, T* values, int threads) const;
  void read_raw(hid_t memory_type, std::int64_t first, std::int64_t count, void* values) const;
  /// The whole data set's, or those of one member of a compound.
  std::vector<std::string> texts_of(const std::string& member, hid_t file_type) const;
  std::vector<std::string> read_strings_as(hid_t file_type, const std::string& member) const;

  ElementType type_;
  std::vector<std::int64_t> shape_;
  mutable std::shared_ptr<ChunkReader> chunks_;  ///< made by the first reading of a chunked data set
};

/// How a new data set is stored.
struct Storage {
  int gzip = 0;  ///< level; 0 stores in one piece
};

class Group : public Object {
 public:
  using Object::Object;

  bool exists(const std::string& path) const;  ///< also of several steps: "obs/n_genes"
  bool is_group(const std::string& path) const;
  bool is_dataset(const std::string& path) const;
  std::vector<std::string> children() const;  ///< sorted by name
  Group group(const std::string& path) const;
  Dataset dataset(const std::string& path) const;

  Group create_group(const std::string& name) const;
  /// Row-major values; an empty shape writes a single value.
  template <Number T>
  Dataset write(const std::string& name, std::span<const T> values, std::span<const std::int64_t> shape,
                Storage storage = {}) const;
  template <Number T, class Allocator>
  Dataset write(const std::string& name, const std::vector<T, Allocator>& values, Storage storage = {}) const {
    const std::array<std::int64_t, 1> shape{static_cast<std::int64_t>(values.size())};
    return write(name, std::span<const T>(values), std::span<const std::int64_t>(shape), storage);
  }
  Dataset write_booleans(const std::string& name, std::span<const std::uint8_t> values) const;
  Dataset write_strings(const std::string& name, std::span<const std::string> values) const;
  Dataset write_string(const std::string& name, const std::string& value) const;

 private:
  Dataset create_dataset(const std::string& name, hid_t type, hid_t space, hid_t properties) const;
  std::string path_of(const std::string& name) const;
};

/// Opens for reading. Throws where the file is missing, is no HDF5 file, or is truncated or damaged.
class File : public Group {
 public:
  /// After a rehearsal (rehearsal.h), which keeps HDF5 from crashing the program over a damaged file.
  static File open(const std::string& path);
  static File open_unrehearsed(const std::string& path);

 private:
  using Group::Group;
  static File open(SharedFacts facts);
};

/// A file that is being written. It grows in memory, because HDF5 1.10 ends the whole program at exit after a
/// write that a full disk refused; `commit` writes it as a whole file (core/whole_file.h). Without a commit
/// nothing stays. No time stamps are stored, so equal contents give equal bytes.
class NewFile : public Group {
 public:
  explicit NewFile(const std::string& path);

  /// What stood under the name is kept as `previous` where that is given.
  void commit(const std::string& previous = "");

 private:
  WholeFile whole_;
};

}  // namespace sparcell::hdf5
