#include "hdf5/rehearsal.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include "hdf5/file.h"
#include "hdf5/types.h"

namespace sparcell::hdf5 {
namespace {

// Strings of healthy files come at 40 MB per second and more.
constexpr std::int64_t slowest_bytes_per_second = 4 << 20;

constexpr std::int64_t few_numbers = 4096;

// The compound data sets whose texts somebody asks for (anndata/table.h). HDF5 takes a time that grows with
// the square of the members to read them one by one, and scanpy's uns/rank_genes_groups has one a group.
constexpr std::array<std::string_view, 4> tables{"obs", "var", "raw.var", "raw/var"};

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

/// Walks through a file and writes its texts to a stream.
class Walk {
 public:
  explicit Walk(std::FILE* texts) : texts_(texts) {}

  void attributes(const Object& object) {
    std::vector<std::string> names;
    H5Aiterate2(object.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_attribute, &names);
    for (const std::string& name : names) {
      attempt([&] { write(object, Texts::Kind::attribute, name, object.texts(name)); });
      attempt([&] { object.integers(name); });
    }
  }

  void dataset(const Dataset& dataset, bool is_table) {
    attributes(dataset);
    dataset.plausible_size();
    if (dataset.has_attribute("categories")) attempt([&] { dataset.referenced_by("categories"); });
    if (dataset.type().kind == ElementType::Kind::string)
      write(dataset, Texts::Kind::values, {}, dataset.read_strings());
    if (dataset.type().is_number() && dataset.size() <= few_numbers) dataset.read<double>();
    if (dataset.type().kind != ElementType::Kind::compound || !is_table) return;
    for (const Member& member : dataset.members()) {
      if (member.type.kind != ElementType::Kind::string) continue;
      attempt([&] { write(dataset, Texts::Kind::values, member.name, dataset.read_member_strings(member)); });
    }
  }

 private:
  void write(const Object& object, Texts::Kind kind, const std::string& name,
             const std::vector<std::string>& texts) {
    Texts::write(texts_, object.place(kind, name), texts);
  }

  std::FILE* texts_;
};

herr_t collect_object(hid_t, const char* name, const H5O_info_t* info, void* objects) {
  static_cast<std::vector<std::pair<std::string, H5O_type_t>>*>(objects)->emplace_back(name, info->type);
  return 0;
}

void walk(const std::string& path, std::FILE* texts) {
  const File file = File::open_unrehearsed(path);
  Walk walk(texts);
  walk.attributes(file);
  std::vector<std::pair<std::string, H5O_type_t>> objects;
  H5Ovisit2(file.id(), H5_INDEX_NAME, H5_ITER_INC, collect_object, &objects, H5O_INFO_BASIC);
  for (const auto& [name, type] : objects) {
    if (name == ".") continue;
    if (type == H5O_TYPE_GROUP) attempt([&] { walk.attributes(file.group(name)); });
    if (type != H5O_TYPE_DATASET) continue;
    const bool is_table = std::find(tables.begin(), tables.end(), name) != tables.end();
    attempt([&] { walk.dataset(file.dataset(name), is_table); });
  }
}

[[noreturn]] void walk_and_exit(const std::string& path, rlim_t seconds, int pipe) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  ::signal(SIGXCPU, SIG_DFL);
  // At the hard limit comes SIGKILL, as of a machine without memory: the soft one must be below to be told
  // apart.
  const rlimit processor_time{seconds, seconds + 1};
  setrlimit(RLIMIT_CPU, &processor_time);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);  // the C library's last words about a broken heap
  std::FILE* texts = ::fdopen(pipe, "wb");
  if (texts == nullptr) ::_exit(1);
  attempt([&] { walk(path, texts); });
  ::_exit(std::fclose(texts) == 0 ? 0 : 1);
}

std::string read_all(int descriptor) {
  std::string bytes;
  std::vector<char> part(1 << 16);
  for (ssize_t count = 1; count != 0;) {
    count = ::read(descriptor, part.data(), part.size());
    if (count > 0) bytes.append(part.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) break;
  }
  return bytes;
}

}  // namespace

std::optional<Texts> rehearse(const std::string& path, std::int64_t least_seconds) {
  const DataError damaged("{}: is damaged: HDF5 cannot walk through its structure", path);
  struct stat status {};
  int pipe[2];
  if (::stat(path.c_str(), &status) != 0 || ::pipe2(pipe, O_CLOEXEC) != 0) return {};
  const std::int64_t seconds = least_seconds + status.st_size / slowest_bytes_per_second;
  const pid_t child = ::fork();
  if (child == 0) walk_and_exit(path, static_cast<rlim_t>(seconds), pipe[1]);
  ::close(pipe[1]);
  const std::string texts = child < 0 ? std::string() : read_all(pipe[0]);
  ::close(pipe[0]);
  if (child < 0) return {};
  int outcome = 0;
  while (::waitpid(child, &outcome, 0) < 0) {
    if (errno != EINTR) throw damaged;
  }
  if (WIFSIGNALED(outcome) && WTERMSIG(outcome) == SIGXCPU) {
    throw DataError(
        "{}: HDF5 walks through its structure for more than {} s of processor time; the file is damaged, or "
        "holds far more objects than its size explains: write it again without what is not needed (uns)",
        path, seconds);
  }
  if (!WIFEXITED(outcome) || WEXITSTATUS(outcome) != 0) throw damaged;
  try {
    return Texts::from(texts);
  } catch (const std::out_of_range&) {  // the child's memory was no longer its own
    throw damaged;
  }
}

}  // namespace sparcell::hdf5
