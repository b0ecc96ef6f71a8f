#include "hdf5/rehearsal.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "hdf5/file.h"
#include "hdf5/types.h"

namespace sparcell::hdf5 {
namespace {

// Strings of healthy files come at 40 MB per second and more.
constexpr std::int64_t slowest_bytes_per_second = 4 << 20;

constexpr std::int64_t few_numbers = 4096;

// Calls and forgets: a part that is refused with an Error here will be refused again when it is asked for.
template <class Body>
void attempt(Body&& body) {
  try {
    body();
  } catch (const std::exception&) {
  }
}

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

void walk_attributes(const Object& object) {
  std::vector<std::string> names;
  H5Aiterate2(object.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_attribute, &names);
  for (const std::string& name : names) {
    attempt([&] { object.texts(name); });
    attempt([&] { object.integers(name); });
  }
}

void walk_dataset(const Dataset& dataset) {
  walk_attributes(dataset);
  dataset.plausible_size();
  if (dataset.has_attribute("categories")) attempt([&] { dataset.referenced_by("categories"); });
  if (dataset.type().kind == ElementType::Kind::string) dataset.read_strings();
  if (dataset.type().is_number() && dataset.size() <= few_numbers) dataset.read<double>();
  if (dataset.type().kind != ElementType::Kind::compound) return;
  for (const Member& member : dataset.members()) {
    if (member.type.kind == ElementType::Kind::string) attempt([&] { dataset.read_member_strings(member); });
  }
}

herr_t collect_object(hid_t, const char* name, const H5O_info_t* info, void* objects) {
  static_cast<std::vector<std::pair<std::string, H5O_type_t>>*>(objects)->emplace_back(name, info->type);
  return 0;
}

void walk(const std::string& path) {
  const File file = File::open_unchecked(path);
  walk_attributes(file);
  std::vector<std::pair<std::string, H5O_type_t>> objects;
  H5Ovisit2(file.id(), H5_INDEX_NAME, H5_ITER_INC, collect_object, &objects, H5O_INFO_BASIC);
  for (const auto& [name, type] : objects) {
    if (name == ".") continue;
    if (type == H5O_TYPE_GROUP) attempt([&] { walk_attributes(file.group(name)); });
    if (type == H5O_TYPE_DATASET) attempt([&] { walk_dataset(file.dataset(name)); });
  }
}

[[noreturn]] void walk_and_exit(const std::string& path, std::int64_t bytes) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const auto seconds = static_cast<rlim_t>(1 + bytes / slowest_bytes_per_second);
  const rlimit processor_time{seconds, seconds};
  setrlimit(RLIMIT_CPU, &processor_time);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);  // the C library's last words about a broken heap
  attempt([&] { walk(path); });
  ::_exit(0);
}

}  // namespace

void rehearse(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return;
  const pid_t child = ::fork();
  if (child == 0) walk_and_exit(path, status.st_size);
  if (child < 0) return;  // no process to spare: read as it is
  int outcome = 0;
  while (::waitpid(child, &outcome, 0) < 0) {
    if (errno != EINTR) return;
  }
  if (!WIFEXITED(outcome) || WEXITSTATUS(outcome) != 0) {
    throw DataError("{}: is damaged: HDF5 cannot walk through its structure", path);
  }
}

}  // namespace sparcell::hdf5
