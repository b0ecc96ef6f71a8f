// What ops take moments of.
#pragma once

namespace sparcell {

/// The values as they are, or e^value - 1 (which undoes log1p and keeps zeros zero).
enum class MomentsOf { values, expm1 };

}  // namespace sparcell
