#pragma once

#include <cstdint>
#include <vector>

namespace sparcell {

/// The largest singular value of a matrix in rows of `cols` numbers, by ten power iterations on the host: a
/// look at a weight, not a step of training.
template <class T>
double largest_singular_value(const std::vector<T>& matrix, std::int64_t cols);

}  // namespace sparcell
