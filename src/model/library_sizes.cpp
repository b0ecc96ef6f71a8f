#include "model/library_sizes.h"

#include <algorithm>
#include <cmath>

#include "math/library.h"
#include "sparcell/ops/library.h"

namespace sparcell {
namespace {

constexpr std::int64_t quantile_count = 1025;

/// Logarithms of the sums of counts of cells that have any.
std::vector<double> log_sizes(const Csr<float>& genes) {
  std::vector<double> sizes(static_cast<std::size_t>(genes.cols));
  for (std::size_t k = 0; k < genes.values.size(); ++k)
    sizes[genes.indices[k]] += std::expm1(static_cast<double>(genes.values[k]));
  std::erase_if(sizes, [](double size) { return size <= 0; });
  if (sizes.size() < 2) {
    throw DataError("model.library needs two training cells with counts of the selected genes, there are {}",
                    sizes.size());
  }
  for (double& size : sizes) {
    if (!std::isfinite(size))
      throw DataError(
          "model.library takes values as log1p of counts, and e to the power of some is infinite");
    size = std::log(size);
  }
  return sizes;
}

}  // namespace

template <class T>
LibrarySizes<T>::LibrarySizes(Context& context)
    : context_(context),
      quantiles_(tensors_.add_vector("library.quantiles", quantile_count)),
      scale_(tensors_.add_vector("library.scale", 2)) {
  tensors_.allocate(context, false);
}

template <class T>
void LibrarySizes<T>::take(const Csr<float>& genes) {
  std::vector<double> sizes = log_sizes(genes);
  double mean = 0, squares = 0;
  for (const double size : sizes) mean += size / static_cast<double>(sizes.size());
  for (const double size : sizes) squares += (size - mean) * (size - mean);
  const double deviation = std::max(std::sqrt(squares / static_cast<double>(sizes.size())), 1e-6);
  std::sort(sizes.begin(), sizes.end());
  std::vector<T> table;
  for (std::int64_t i = 0; i < quantile_count; ++i) {
    const double u = static_cast<double>(i) / static_cast<double>(quantile_count - 1);
    table.push_back(static_cast<T>(
        (math::quantile_at(sizes.data(), static_cast<std::int64_t>(sizes.size()), u) - mean) / deviation));
  }
  tensors_.write(quantiles_, table);
  tensors_.write(scale_, std::vector<T>{static_cast<T>(mean), static_cast<T>(deviation)});
}

template <class T>
void LibrarySizes<T>::draw(const RandomStream& stream, MatrixView<T> out) {
  draw_quantiles<T>(context_, stream, tensors_.vector(quantiles_), out);
}

template <class T>
std::vector<T> LibrarySizes<T>::draw_on_host(const RandomStream& stream, std::int64_t first,
                                             std::int64_t count) const {
  const std::vector<T> table = tensors_.read(quantiles_);
  const math::PhiloxStream uniforms(stream);
  std::vector<T> sizes;
  for (std::int64_t cell = first; cell < first + count; ++cell) {
    const T u = math::uniform<T>(uniforms.word(static_cast<std::uint64_t>(cell)));
    sizes.push_back(math::quantile_at(table.data(), quantile_count, u));
  }
  return sizes;
}

template class LibrarySizes<float>;
template class LibrarySizes<double>;

}  // namespace sparcell
