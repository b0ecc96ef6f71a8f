#include "core/appended_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/write_all.h"
#include "sparcell/core/errors.h"

namespace sparcell {

AppendedFile::AppendedFile(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail();
}

AppendedFile::~AppendedFile() { ::close(descriptor_); }

void AppendedFile::append(std::string_view bytes) {
  if (!write_all(descriptor_, bytes)) fail();
}

void AppendedFile::sync() {
  if (::fsync(descriptor_) != 0) fail();
}

void AppendedFile::fail() const {
  throw WriteError("{}: cannot be written ({})", path_, std::strerror(errno));
}

}  // namespace sparcell
