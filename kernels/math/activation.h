// Activations with their first and second derivatives, as functions of the pre-activation.
#pragma once

#include "math/elementary.h"
#include "math/host_device.h"
#include "sparcell/ops/words.h"

namespace sparcell::math {

template <class T>
SPARCELL_HD T sigmoid(T x) {
  const T e = exp_of_negative(x < T(0) ? x : -x);
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}

/// log(1 + e^x) without overflow.
template <class T>
SPARCELL_HD T softplus(T x) {
  return (x > T(0) ? x : T(0)) + log1p_within(exp_of_negative(x < T(0) ? x : -x));
}

/// (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x: nothing overflows, and near 0 nothing cancels.
template <class T>
SPARCELL_HD T hyperbolic_tangent(T x) {
  const T m = expm1(T(-2) * (x < T(0) ? -x : x));
  const T y = -m / (T(2) + m);
  return x < T(0) ? -y : y;
}

struct Identity {
  static constexpr bool curved = false;  ///< whether the second derivative is anywhere other than 0
  template <class T>
  SPARCELL_HD T value(T x) const {
    return x;
  }
  template <class T>
  SPARCELL_HD T first(T) const {
    return T(1);
  }
  template <class T>
  SPARCELL_HD T second(T) const {
    return T(0);
  }
};

struct Relu {
  static constexpr bool curved = false;
  template <class T>
  SPARCELL_HD T value(T x) const {
    return x > T(0) ? x : T(0);
  }
  template <class T>
  SPARCELL_HD T first(T x) const {
    return x > T(0) ? T(1) : T(0);
  }
  template <class T>
  SPARCELL_HD T second(T) const {
    return T(0);
  }
};

struct LeakyRelu {
  static constexpr bool curved = false;
  double slope;
  template <class T>
  SPARCELL_HD T value(T x) const {
    return x > T(0) ? x : static_cast<T>(slope) * x;
  }
  template <class T>
  SPARCELL_HD T first(T x) const {
    return x > T(0) ? T(1) : static_cast<T>(slope);
  }
  template <class T>
  SPARCELL_HD T second(T) const {
    return T(0);
  }
};

struct Silu {
  static constexpr bool curved = true;
  template <class T>
  SPARCELL_HD T value(T x) const {
    return x * sigmoid(x);
  }
  template <class T>
  SPARCELL_HD T first(T x) const {
    const T s = sigmoid(x);
    return s * (T(1) + x * (T(1) - s));
  }
  template <class T>
  SPARCELL_HD T second(T x) const {
    const T s = sigmoid(x);
    return s * (T(1) - s) * (T(2) + x * (T(1) - T(2) * s));
  }
};

struct Elu {
  static constexpr bool curved = true;
  template <class T>
  SPARCELL_HD T value(T x) const {
    return x > T(0) ? x : expm1(x);
  }
  template <class T>
  SPARCELL_HD T first(T x) const {
    return x > T(0) ? T(1) : exp(x);
  }
  template <class T>
  SPARCELL_HD T second(T x) const {
    return x > T(0) ? T(0) : exp(x);
  }
};

struct Tanh {
  static constexpr bool curved = true;
  template <class T>
  SPARCELL_HD T value(T x) const {
    return hyperbolic_tangent(x);
  }
  template <class T>
  SPARCELL_HD T first(T x) const {
    const T t = hyperbolic_tangent(x);
    return T(1) - t * t;
  }
  template <class T>
  SPARCELL_HD T second(T x) const {
    const T t = hyperbolic_tangent(x);
    return T(-2) * t * (T(1) - t * t);
  }
};

struct Softplus {
  static constexpr bool curved = true;
  template <class T>
  SPARCELL_HD T value(T x) const {
    return softplus(x);
  }
  template <class T>
  SPARCELL_HD T first(T x) const {
    return sigmoid(x);
  }
  template <class T>
  SPARCELL_HD T second(T x) const {
    const T s = sigmoid(x);
    return s * (T(1) - s);
  }
};

/// Calls use(activation) with the functor that `kind` names, so that the choice stands outside of loops.
template <class Use>
void with_activation(Activation kind, double slope, Use&& use) {
  switch (kind) {
    case Activation::identity:
      return use(Identity{});
    case Activation::relu:
      return use(Relu{});
    case Activation::leaky_relu:
      return use(LeakyRelu{slope});
    case Activation::silu:
      return use(Silu{});
    case Activation::elu:
      return use(Elu{});
    case Activation::tanh:
      return use(Tanh{});
    case Activation::softplus:
      return use(Softplus{});
  }
}

/// Whether the second derivative is anywhere other than 0.
inline bool is_curved(Activation kind) {
  bool curved = false;
  with_activation(kind, 0, [&](auto activation) { curved = activation.curved; });
  return curved;
}

}  // namespace sparcell::math
