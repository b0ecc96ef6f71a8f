#include <sys/mman.h>

#include <cstdlib>

#include "sparcell/core/large_array.h"

namespace sparcell {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t large_page = std::size_t{2} << 20;
constexpr std::size_t least = 2 * large_page;  // smaller pieces would waste most of one

}  // namespace

void* allocate_in_large_pages(std::size_t bytes) {
  const bool large = bytes >= least;
  const std::size_t alignment = large ? large_page : cache_line;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (large && memory != nullptr) ::madvise(memory, rounded, MADV_HUGEPAGE);
  return memory;
}

void release_large_pages(void* memory) { std::free(memory); }

}  // namespace sparcell
