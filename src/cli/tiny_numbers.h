// Floating-point numbers that are too small to matter.
#pragma once

namespace sparcell {

/// From here on this thread, and threads that it starts, take denormal numbers (below 1.2e-38 in f32) for 0,
/// as operands and as results. Weights and gradients of genes that hardly vary fade into them, and Intel's
/// processors take a hundred cycles and more for each operation on one: training steps took five times as
/// long (tools/bench/MEASURED.md).
void flush_tiny_numbers();

/// Whether all threads of a parallel region do so.
bool tiny_numbers_are_flushed();

}  // namespace sparcell
