// Arrays of the host that are larger than caches, in large pages: the kernel makes those in a tenth of the
// time.
#pragma once

#include <cstddef>
#include <vector>

namespace sparcell {

/// Asks for large pages for memory that nobody has touched yet. A wish: where it is not met, pages are small.
void wish_large_pages(void* memory, std::size_t bytes);

/// As resize() of an empty vector.
template <class T>
void resize_in_large_pages(std::vector<T>& values, std::size_t size) {
  values.reserve(size);
  wish_large_pages(values.data(), size * sizeof(T));
  values.resize(size);
}

}  // namespace sparcell
