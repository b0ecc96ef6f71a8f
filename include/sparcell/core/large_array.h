// Arrays of the host that are larger than caches.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace sparcell {

/// Memory of the host, which nobody has touched: from a few megabytes on in large pages, which the kernel makes in a
/// tenth of the time (a wish: where it is not met, pages are small). Null where there is none.
void* allocate_in_large_pages(std::size_t bytes);
void release_large_pages(void* memory);

/// Elements that are not given a value have none: threads then write an array's pages first, each its own part.
template <class T>
struct LargePages {
  static_assert(std::is_trivial_v<T>);
  using value_type = T;

  LargePages() = default;
  template <class U>
  LargePages(const LargePages<U>&) {}  // NOLINT(google-explicit-constructor): allocators convert

  T* allocate(std::size_t count) {
    void* memory = allocate_in_large_pages(count * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) { release_large_pages(memory); }
  template <class U>
  void construct(U* element) {
    ::new (static_cast<void*>(element)) U;
  }
  template <class U, class... Values>
  void construct(U* element, Values&&... values) {
    std::construct_at(element, static_cast<Values&&>(values)...);
  }
  friend bool operator==(LargePages, LargePages) { return true; }
};

/// A vector whose resize() and LargeArray(size) leave new elements without a value: whoever calls them writes all.
template <class T>
using LargeArray = std::vector<T, LargePages<T>>;

template <class T>
LargeArray<T> large_array(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

template <class T>
bool operator==(const LargeArray<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace sparcell
