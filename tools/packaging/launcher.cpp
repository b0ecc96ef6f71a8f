// FOLDER/NAME of a package is this launcher. It starts libexec/FOLDER/NAME on the package's own dynamic
// loader and C library, glibc/, so that a program runs where the system's C library is older than the one
// that it was built with.
//
// It does what the kernel does for a program with an interpreter: maps both files, tells the interpreter
// about the program in the auxiliary vector, and jumps to it. The process stays this file's: /proc/self/exe
// names it, so that what starts the program again - the local pool, a Slurm script, mpirun - comes by the
// launcher; and no environment variable is passed on to programs of the system.
//
// There is no C library here (-nostdlib): glibc/'s must be the first that this process sees. x86-64 alone.
#include <cpuid.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr unsigned long page = 4096;
constexpr int cannot_start = 126;  // what a shell says of a program that it found and could not start

long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

bool failed(long result) { return result < 0 && result > -static_cast<long>(page); }

unsigned long length(const char* text) {
  unsigned long count = 0;
  while (text[count] != '\0') ++count;
  return count;
}

void say(const char* text) {
  call(SYS_write, STDERR_FILENO, reinterpret_cast<long>(text), static_cast<long>(length(text)));
}

[[noreturn]] void fail(const char* path, const char* what) {
  say(path);
  say(": ");
  say(what);
  say("\n");
  while (true) call(SYS_exit_group, cannot_start);
}

constexpr unsigned long path_capacity = 2 * page;

/// A path that grows.
class Path {
 public:
  const char* text() const { return text_; }

  Path& add(const char* text, unsigned long count) {
    if (size_ + count >= path_capacity) fail(text, "is too long a path");
    for (unsigned long i = 0; i < count; ++i) text_[size_++] = text[i];
    return *this;
  }
  Path& add(const char* text) { return add(text, length(text)); }

 private:
  unsigned long size_ = 0;
  char text_[path_capacity] = {};
};

/// A file in memory as its program headers want it.
struct Image {
  unsigned long base, entry, headers, header_count;
};

class ElfFile {
 public:
  explicit ElfFile(const char* path) : path_(path) {
    file_ = call(SYS_open, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
    if (failed(file_)) fail(path, "cannot be opened; unpack the package again");
    const long count = call(SYS_pread64, file_, reinterpret_cast<long>(start_), page, 0);
    const bool whole =
        count >= static_cast<long>(sizeof(Elf64_Ehdr)) && header().e_ident[EI_MAG0] == ELFMAG0 &&
        header().e_ident[EI_MAG1] == ELFMAG1 && header().e_type == ET_DYN &&
        header().e_phoff + header().e_phnum * sizeof(Elf64_Phdr) <= static_cast<unsigned long>(count);
    if (!whole) fail(path, "is no position-independent program; unpack the package again");
  }
  ~ElfFile() { call(SYS_close, file_); }
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  Image map() const {
    unsigned long end = 0, alignment = page;
    for (const Elf64_Phdr& part : *this) {
      if (part.p_type != PT_LOAD) continue;
      if (part.p_vaddr + part.p_memsz > end) end = part.p_vaddr + part.p_memsz;
      if (part.p_align > alignment) alignment = part.p_align;
    }
    const unsigned long room = checked(map_at(0, end + alignment, PROT_NONE, MAP_ANONYMOUS, -1, 0));
    const unsigned long base = (room + alignment - 1) / alignment * alignment;
    Image image{base, base + header().e_entry, 0, header().e_phnum};
    for (const Elf64_Phdr& part : *this) {
      if (part.p_type != PT_LOAD) continue;
      map_part(base, part);
      if (header().e_phoff >= part.p_offset && header().e_phoff < part.p_offset + part.p_filesz)
        image.headers = base + part.p_vaddr + (header().e_phoff - part.p_offset);
    }
    return image;
  }

 private:
  const Elf64_Ehdr& header() const { return *reinterpret_cast<const Elf64_Ehdr*>(start_); }
  const Elf64_Phdr* begin() const { return reinterpret_cast<const Elf64_Phdr*>(start_ + header().e_phoff); }
  const Elf64_Phdr* end() const { return begin() + header().e_phnum; }

  static long map_at(unsigned long at, unsigned long size, int protection, int flags, long file,
                     unsigned long offset) {
    return call(SYS_mmap, static_cast<long>(at), static_cast<long>(size), protection, MAP_PRIVATE | flags,
                file, static_cast<long>(offset));
  }
  unsigned long checked(long result) const {
    if (failed(result))
      fail(path_, "cannot be mapped; is the package on a file system that is mounted noexec?");
    return static_cast<unsigned long>(result);
  }

  void map_part(unsigned long base, const Elf64_Phdr& part) const {
    const int protection = ((part.p_flags & PF_R) != 0 ? PROT_READ : 0) |
                           ((part.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                           ((part.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
    const unsigned long before = part.p_vaddr % page, first = base + part.p_vaddr - before;
    const unsigned long file_end = base + part.p_vaddr + part.p_filesz,
                        memory_end = base + part.p_vaddr + part.p_memsz;
    const unsigned long file_pages_end = (file_end + page - 1) / page * page;
    if (part.p_filesz > 0)
      checked(map_at(first, file_end - first, protection, MAP_FIXED, file_, part.p_offset - before));
    if (memory_end == file_end) return;
    if (part.p_filesz > 0)
      for (auto* byte = reinterpret_cast<volatile char*>(file_end);
           byte != reinterpret_cast<char*>(file_pages_end); ++byte)
        *byte = 0;  // what follows in the file's last page is not the program's
    const unsigned long zeros = part.p_filesz > 0 ? file_pages_end : first;
    if (memory_end > zeros)
      checked(map_at(zeros, memory_end - zeros, protection, MAP_FIXED | MAP_ANONYMOUS, -1, 0));
  }

  const char* path_;
  long file_;
  alignas(Elf64_Ehdr) char start_[page];
};

/// The instructions that all of the package is compiled to (-march=x86-64-v3), and that the system saves
/// their registers.
bool processor_suffices() {
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned needed = bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C;
  if ((c & needed) != needed) return false;
  unsigned saved, high;
  asm("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  constexpr unsigned vectors = 0b110;
  if ((saved & vectors) != vectors || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  return (b & bit_AVX2) != 0 && (b & bit_BMI) != 0 && (b & bit_BMI2) != 0;
}

}  // namespace

/// The address to jump to, given the stack as the kernel left it: argc, argv, environment, auxiliary vector.
extern "C" unsigned long prepare(long* stack) {
  static char self[path_capacity];
  const long count = call(SYS_readlink, reinterpret_cast<long>("/proc/self/exe"),
                          reinterpret_cast<long>(self), path_capacity - 1);
  if (failed(count)) fail("/proc/self/exe", "cannot be read; is /proc mounted?");
  if (!processor_suffices()) fail(self, "this package needs a processor with AVX2 and FMA (x86-64-v3)");
  unsigned long package = static_cast<unsigned long>(count);  // the length of the package's own path
  for (int names = 2; names > 0 && package > 0; --names)
    while (package > 0 && self[--package] != '/') continue;

  static Path program_path, loader_path;
  program_path.add(self, package).add("/libexec").add(self + package);
  loader_path.add(self, package).add("/glibc/ld-linux-x86-64.so.2");
  const Image program = ElfFile(program_path.text()).map(), loader = ElfFile(loader_path.text()).map();

  long* entry = stack + 1 + stack[0] + 1;
  while (*entry != 0) ++entry;  // the environment
  for (auto* value = reinterpret_cast<Elf64_auxv_t*>(entry + 1); value->a_type != AT_NULL; ++value) {
    switch (value->a_type) {
      case AT_PHDR:
        value->a_un.a_val = program.headers;
        break;
      case AT_PHNUM:
        value->a_un.a_val = program.header_count;
        break;
      case AT_ENTRY:
        value->a_un.a_val = program.entry;
        break;
      case AT_BASE:
        value->a_un.a_val = loader.base;
        break;
      default:
        break;
    }
  }
  return loader.entry;
}

asm(R"(
  .globl _start
_start:
  xorl %ebp, %ebp
  movq %rsp, %rbx
  movq %rsp, %rdi
  andq $-16, %rsp
  call prepare
  movq %rbx, %rsp
  xorl %edx, %edx
  jmp *%rax
)");
