// An activation that is chosen where it is computed: for kernels that compute few values and would else be
// compiled once for each.
#pragma once

#include "math/activation.h"

namespace sparcell::math {

struct AnyActivation {
  Activation kind = Activation::identity;
  double slope = 0.2;

  template <class T>
  SPARCELL_HD T value(T x) const {
    switch (kind) {
      case Activation::identity:
        return x;
      case Activation::relu:
        return Relu{}.value(x);
      case Activation::leaky_relu:
        return LeakyRelu{slope}.value(x);
      case Activation::silu:
        return Silu{}.value(x);
      case Activation::elu:
        return Elu{}.value(x);
      case Activation::tanh:
        return Tanh{}.value(x);
      case Activation::softplus:
        return Softplus{}.value(x);
    }
    return x;
  }

  template <class T>
  SPARCELL_HD T first(T x) const {
    switch (kind) {
      case Activation::identity:
        return T(1);
      case Activation::relu:
        return Relu{}.first(x);
      case Activation::leaky_relu:
        return LeakyRelu{slope}.first(x);
      case Activation::silu:
        return Silu{}.first(x);
      case Activation::elu:
        return Elu{}.first(x);
      case Activation::tanh:
        return Tanh{}.first(x);
      case Activation::softplus:
        return Softplus{}.first(x);
    }
    return T(1);
  }
};

}  // namespace sparcell::math
