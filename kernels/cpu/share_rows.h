// A row of logits as shares of a library, and the way back (ops/log_shares.h).
#pragma once

#include <cstdint>

namespace sparcell::cpu {

/// Of a row beside the logit of all else, 0: exponentials[g] / all is gene g's share, its logit less log_all
/// the logarithm of that.
struct ShareSums {
  double all, log_all;
};
/// `exponentials` get e^(logit - the largest).
ShareSums exponentials_of_logits(const float* x, std::int64_t count, float* exponentials);
ShareSums exponentials_of_logits(const double* x, std::int64_t count, double* exponentials);

/// grad_g less the sum of grad times gene g's share, in place.
void from_log_shares(const float* exponentials, double all, std::int64_t count, float* grad);
void from_log_shares(const double* exponentials, double all, std::int64_t count, double* grad);

}  // namespace sparcell::cpu
