// What reading and inspecting share.
#pragma once

#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>

#include "read/source.h"

namespace sparcell {

/// Adds a remark where names occur more than once.
void add_duplicates(const Table& table, const char* what, Remarks& remarks);

/// Runs `body`; what the standard library throws becomes a sentence about `path`.
template <class Body>
auto with_clear_errors(const std::string& path, Body&& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    throw MemoryError("{}: reading it needs more memory than there is", path);
  } catch (const std::length_error&) {
    throw DataError("{}: claims a size that is impossible; the file is damaged", path);
  } catch (const std::filesystem::filesystem_error& error) {
    throw DataError("{}: cannot be read ({})", path, error.code().message());
  }
}

}  // namespace sparcell
