#include "hdf5/texts.h"

#include <cstring>
#include <stdexcept>

namespace sparcell::hdf5 {
namespace {

template <class T>
void put(std::FILE* stream, const T& value) {
  std::fwrite(&value, sizeof value, 1, stream);
}

void put_text(std::FILE* stream, const std::string& text) {
  put(stream, static_cast<std::uint64_t>(text.size()));
  std::fwrite(text.data(), 1, text.size(), stream);
}

/// Takes values from the front of what is left.
class Reader {
 public:
  explicit Reader(std::string_view left) : left_(left) {}
  bool at_end() const { return left_.empty(); }

  template <class T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string get_text() { return std::string(take(get<std::uint64_t>())); }

 private:
  std::string_view take(std::uint64_t bytes) {
    if (bytes > left_.size()) throw std::out_of_range("a stream of texts ends early");
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }

  std::string_view left_;
};

}  // namespace

const std::vector<std::string>* Texts::find(const Place& place) const {
  const auto found = texts_.find(place);
  return found == texts_.end() ? nullptr : &found->second;
}

void Texts::write(std::FILE* stream, const Place& place, const std::vector<std::string>& texts) {
  put(stream, place.object);
  put(stream, place.kind);
  put_text(stream, place.name);
  put(stream, static_cast<std::uint64_t>(texts.size()));
  for (const std::string& text : texts) put_text(stream, text);
}

Texts Texts::from(std::string_view stream) {
  Texts all;
  for (Reader reader(stream); !reader.at_end();) {
    Place place;
    place.object = reader.get<std::uint64_t>();
    place.kind = reader.get<Kind>();
    place.name = reader.get_text();
    std::vector<std::string> texts;
    for (auto left = reader.get<std::uint64_t>(); left > 0; --left) texts.push_back(reader.get_text());
    all.texts_.insert_or_assign(std::move(place), std::move(texts));
  }
  return all;
}

}  // namespace sparcell::hdf5
