// Arrays as NumPy's .npy files (format version 1.0), for peers in Python.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "sparcell/core/errors.h"

namespace sparcell::bench_gpu {

template <class T>
constexpr const char* npy_type() {
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, std::int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, std::int64_t>) return "<i8";
}

template <class T, class Allocator>
void write_npy(const std::string& path, const std::vector<T, Allocator>& values,
               const std::vector<std::int64_t>& shape) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}", npy_type<T>(),
                                 fmt::join(shape, ", "));
  constexpr std::size_t before = 10, alignment = 64;  // magic, version and length; of where the numbers begin
  text.resize((before + text.size() + alignment) / alignment * alignment - before, ' ');
  text.back() = '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  file.put(static_cast<char>(text.size() & 0xff)).put(static_cast<char>(text.size() >> 8));
  file << text;
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file.flush()) throw WriteError("{}: cannot be written", path);
}

}  // namespace sparcell::bench_gpu
