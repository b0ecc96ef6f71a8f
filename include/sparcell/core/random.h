// Counter-based random numbers: Philox-4x32-10 keyed by (seed, purpose, step, element). There is no state to save beyond
// the step counter, and every element is drawn independently of how work is split between threads or devices.
//
// Element e of a stream is word e % 4 of the Philox block with
//     key     = (seed & 0xffffffff, seed >> 32)
//     counter = (b & 0xffffffff, (b >> 32) | code << 16, step & 0xffffffff, step >> 32),   b = e / 4 < 2^48,
//     code    = purpose * 256 + index < 2^16.
// uniform: ((word >> 9) + 0.5) * 2^-23, exact in f32, never 0 or 1.
// normal (Box-Muller): words 2p and 2p + 1 of a block (p = 0, 1) give uniforms u, v and the elements
//     sqrt(-2 log u) * cos(2 pi v)  and  sqrt(-2 log u) * sin(2 pi v).
// Philox: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
#pragma once

#include <cstdint>

namespace sparcell {

/// What numbers are drawn for; streams of different purposes never meet.
enum class Purpose : std::uint32_t {
  initialization = 1,  ///< index: network; step: position of the tensor in the arena
  shuffle = 2,         ///< step: epoch
  dropout = 3,         ///< index: pass * 16 + layer
  latent = 4,          ///< epsilon of the reparameterization; index 0 training, 1 validation, 2 judged cells, 3 and 4 more of theirs
  instance_noise = 5,
  interpolation = 6,
  generator_input = 7,
  spectral_start = 8,
  split = 9,
  evaluation = 10,     ///< subsamples, permutations, bootstrap; index: which
  generate = 11,
  simulate = 12,       ///< index: which quantity of the simulation
  selection = 13,
  sweep = 14,          ///< step: the parameter's name; element: the draw
  augmentation = 15,   ///< index 0 shares of cells, 1 entries, 2 and 3 who stands in for cells
};

/// A count that steps move in device memory, so that a captured run of steps reads it when it runs, and what is added to it. A
/// null pointer counts 0.
struct Counter {
  const std::int64_t* counted = nullptr;
  std::int64_t more = 0;

  Counter() = default;
  Counter(const std::int64_t* counted, std::int64_t more = 0) : counted(counted), more(more) {}
  constexpr std::int64_t value() const { return (counted == nullptr ? 0 : *counted) + more; }
};

/// One stream. `step` points into device memory, so that a captured run of steps reads the counter when it runs; a null
/// pointer is step 0. `offset` is added to it.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint32_t code = 0;
  const std::int64_t* step = nullptr;
  std::int64_t offset = 0;

  RandomStream() = default;
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t index = 0, const std::int64_t* step = nullptr,
               std::int64_t offset = 0)
      : seed(seed), code(static_cast<std::uint32_t>(purpose) * 256 + index), step(step), offset(offset) {}
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t index, const Counter& step)
      : RandomStream(seed, purpose, index, step.counted, step.more) {}
};

}  // namespace sparcell
