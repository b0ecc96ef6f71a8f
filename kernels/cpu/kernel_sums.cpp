// Kernels of one pair are powers of each other where their rates are multiples: exp(-2d) = exp(-0.5d)^4. A
// few multiplications instead of an exponential; powers are small, so that the error stays a few roundings.
#include "sparcell/ops/kernel_sums.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "cpu/pair_sums.h"

namespace sparcell {
namespace {

using cpu::Tile, cpu::tile_lanes, cpu::tile_rows;

constexpr std::int64_t largest_power = 32;  // of an exponential, so 32 times its rounding at most
constexpr double multiple_within = 1e-12;   // rates such as 0.1 and 0.005 are rounded

/// exp(-x) is 0 above.
template <class T>
constexpr double vanishes = std::is_same_v<T, float> ? 87.3 : 708.0;

/// exp(-x) is less than half a unit in the last place of 1 above: added to 1 it changes no bit.
template <class T>
constexpr double drowns = std::is_same_v<T, float> ? 17.5 : 37.6;

/// One kernel: an exponential, or a power of a kernel before it.
template <class T>
struct Kernel {
  double rate = 0;
  std::size_t base = 0;
  std::int64_t power = 0;         ///< of `base`; 0: an exponential
  std::int64_t power_of_exp = 1;  ///< of the exponential that it goes back to
  T least_base = 0;               ///< a base below is 0, as the exponential would be
  T beyond = 0;                   ///< squared distances above: neither it nor a later one changes the sum
};

/// By rising rate.
template <class T>
std::vector<Kernel<T>> plan_kernels(std::span<const double> gammas) {
  std::vector<double> rates(gammas.begin(), gammas.end());
  std::sort(rates.begin(), rates.end());
  std::vector<Kernel<T>> kernels;
  for (const double rate : rates) {
    Kernel<T> kernel{.rate = rate};
    for (std::size_t b = kernels.size(); b-- > 0 && kernel.power == 0;) {
      if (!(kernels[b].rate > 0)) continue;
      const double ratio = rate / kernels[b].rate, power = std::round(ratio);
      const double power_of_exp = power * static_cast<double>(kernels[b].power_of_exp);
      if (std::abs(ratio - power) > multiple_within * ratio || power_of_exp > largest_power) continue;
      kernel.base = b;
      kernel.power = static_cast<std::int64_t>(power);
      kernel.power_of_exp = static_cast<std::int64_t>(power_of_exp);
      kernel.least_base = static_cast<T>(std::exp(-vanishes<T> / power));
    }
    // Relative to the kernel of the smallest rate, which is in every sum.
    kernel.beyond =
        static_cast<T>(kernels.empty() ? vanishes<T> / rate : drowns<T> / (rate - kernels[0].rate));
    kernels.push_back(kernel);
  }
  return kernels;
}

/// exp(-x) for x >= 0; as math::exp, without what other numbers need. What would vanish is 1e-38.
inline float exp_of_negative(float x) {
  const float clamped = x > 87.3f ? -87.3f : -x;
  const float n = __builtin_rintf(clamped * 1.44269504088896341f);
  float r = math::fma(n, -0.693145751953125f, clamped);
  r = math::fma(n, -1.42860682030941723e-6f, r);
  float p = 1.9875691500e-4f;
  p = math::fma(p, r, 1.3981999507e-3f);
  p = math::fma(p, r, 8.3334519073e-3f);
  p = math::fma(p, r, 4.1665795894e-2f);
  p = math::fma(p, r, 1.6666665459e-1f);
  p = math::fma(p, r, 5.0000001201e-1f);
  p = math::fma(p, r * r, r) + 1.0f;
  return p * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}
inline double exp_of_negative(double x) { return math::exp(-x); }

/// Turns squared distances into means over kernels.
template <class T>
class KernelTerm {
 public:
  explicit KernelTerm(const std::vector<Kernel<T>>& kernels) : kernels_(kernels), values_(kernels.size()) {}

  void operator()(const Tile<T>& of_pairs, Tile<T>& out) {
    const T* const squares = of_pairs.squares[0];
    T* const terms = out.squares[0];
    Values total = {};
    for (std::size_t k = 0; k < kernels_.size(); ++k) {
      const Kernel<T>& kernel = kernels_[k];
      if (all_above(squares, kernel.beyond)) break;  // later rates are larger
      if (kernel.power > 0) {
        raise(kernel, values_[kernel.base], values_[k]);
      } else {
        exponentials(static_cast<T>(kernel.rate), squares, values_[k]);
      }
#pragma omp simd
      for (std::int64_t i = 0; i < size; ++i) total.value[i] += values_[k].value[i];
    }
    const T share = T(1) / static_cast<T>(kernels_.size());
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) terms[i] = share * total.value[i];
  }

 private:
  static constexpr std::int64_t size = tile_rows * tile_lanes<T>;
  struct Values {
    alignas(64) T value[size];
  };
  /// A register: in a loop over arrays the compiler goes through memory between multiplications.
  using Lane __attribute__((vector_size(32), may_alias)) = T;

  static bool all_above(const T* squares, T limit) {
    int above = 1;
#pragma omp simd reduction(& : above)
    for (std::int64_t i = 0; i < size; ++i) above &= squares[i] > limit ? 1 : 0;
    return above != 0;
  }
  static void exponentials(T rate, const T* squares, Values& out) {
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) out.value[i] = exp_of_negative(rate * squares[i]);
  }
  /// By squaring.
  static void raise(const Kernel<T>& kernel, const Values& base, Values& out) {
    constexpr std::int64_t lanes = size * sizeof(T) / sizeof(Lane);
    const auto* const from = reinterpret_cast<const Lane*>(base.value);
    auto* const to = reinterpret_cast<Lane*>(out.value);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      Lane square = from[lane] < kernel.least_base ? Lane{} : from[lane];
      Lane product = kernel.power % 2 == 1 ? square : Lane{} + T(1);
      for (std::int64_t power = kernel.power / 2; power > 0; power /= 2) {
        square *= square;
        if (power % 2 == 1) product *= square;
      }
      to[lane] = product;
    }
  }

  const std::vector<Kernel<T>>& kernels_;
  std::vector<Values> values_;
};

}  // namespace

template <class T>
void cpu::kernel_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                      std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                      std::span<const double> gammas, MatrixView<double> sums) {
  const std::vector<Kernel<T>> kernels = plan_kernels<T>(gammas);
  sum_pairs<T, 1>(context.threads(), x, y, x_groups, y_groups, {sums}, [&] {
    return [term = KernelTerm<T>(kernels)](Tile<T>& tile, auto&) mutable { term(tile, tile); };
  });
}
SPARCELL_INSTANTIATE(cpu::kernel_sums);

template <class T>
void cpu::distance_and_kernel_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                                   std::span<const std::int64_t> x_groups,
                                   std::span<const std::int64_t> y_groups, std::span<const double> gammas,
                                   MatrixView<double> distances, MatrixView<double> kernels) {
  const std::vector<Kernel<T>> plan = plan_kernels<T>(gammas);
  sum_pairs<T, 2>(context.threads(), x, y, x_groups, y_groups, {distances, kernels}, [&] {
    return [term = KernelTerm<T>(plan)](Tile<T>& tile, std::array<Tile<T>, 1>& others) mutable {
      term(tile, others[0]);
      take_roots(tile);
    };
  });
}
SPARCELL_INSTANTIATE(cpu::distance_and_kernel_sums);

}  // namespace sparcell
