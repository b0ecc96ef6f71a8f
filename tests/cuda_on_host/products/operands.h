// Products of small matrices on the emulated device, in and out of training steps.
#pragma once

#include <random>
#include <vector>

#include "cuda/products.h"
#include "sparcell/core/context.h"

namespace sparcell::test {

inline std::vector<float> random_numbers(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (float& number : numbers) number = uniform(generator);
  return numbers;
}

/// a (m x k) times b (k x n), rows behind one another; `shift` numbers lie before each matrix.
struct Operands {
  Operands(Context& on, std::int64_t rows, std::int64_t terms, std::int64_t cols, std::int64_t shift_by = 0)
      : context(on),
        m(rows),
        k(terms),
        n(cols),
        shift(shift_by),
        host_a(random_numbers(shift + m * k, 1)),
        host_b(random_numbers(shift + k * n, 2)),
        a(context, host_a),
        b(context, host_b),
        out(context, shift + m * n) {}

  cuda::Product product() const {
    return {.m = m,
            .n = n,
            .k = k,
            .a = a.data() + shift,
            .a_stride = k,
            .b = b.data() + shift,
            .b_stride = n,
            .out = out.data() + shift,
            .out_stride = n};
  }
  std::vector<float> multiply() const {
    cuda::multiply(context, product());
    return result();
  }
  std::vector<float> multiply_in_training() const {
    const TrainingProducts training(context);
    return multiply();
  }

  Context& context;
  std::int64_t m, k, n, shift;
  std::vector<float> host_a, host_b;

 private:
  std::vector<float> result() const {
    const std::vector<float> host = out.to_host();
    return {host.begin() + shift, host.end()};
  }

  Buffer<float> a, b, out;
};

/// A context on the emulated device whose training steps multiply as the options say.
struct Emulated {
  Emulated(const ProductOptions& products = {}) : context(find_device("cuda"), 1) {
    set_training_products(context, products);
  }
  operator Context&() { return context; }

  Context context;
};

}  // namespace sparcell::test
