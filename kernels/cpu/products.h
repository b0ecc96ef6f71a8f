// The libraries that multiply matrices on the CPU.
#pragma once

#include <string>

#include "cpu/bf16_products.h"
#include "sparcell/core/products.h"

namespace sparcell::cpu {

/// Those that round to bfloat16, where the context's products do now: in training steps of `precision: bf16`.
/// Null otherwise.
Bf16Products* rounded_products(Context& context);

// Of sparcell/core/products.h, on the CPU.
void set_training_products(Context& context, const ProductOptions& options);
void begin_training_step(Context& context);
void end_training_step(Context& context);
std::string product_library();

}  // namespace sparcell::cpu
