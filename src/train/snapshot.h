// Copies of a model's tensors on the host, by name and in PyTorch's layout.
#pragma once

#include <string>
#include <vector>

#include "model/trainable.h"

namespace sparcell {

struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct TensorSnapshot {
  std::int64_t epoch = 0;
  std::vector<NamedTensor> parameters, buffers, first_moments, second_moments;
};

/// Copies the tensors of a model; moments only where asked for.
TensorSnapshot snapshot(Trainable<float>& model, bool with_moments);

/// Writes parameters and buffers (and moments, where the snapshot has them) back. Throws DataError for a
/// tensor that is missing or of another shape, and leaves the model as it was.
void restore(Trainable<float>& model, const TensorSnapshot& tensors);

/// The same in two steps: the arenas are copied as they lie, which is quick; names and layouts come later,
/// from any thread.
struct ArenaCopies {
  struct Group {
    Buffer<float> parameters, buffers, first_moments, second_moments;
  };
  Context host{Device{}, 1};
  std::vector<Group> groups;
};
/// Takes all parts, moments among them. Memory that `copies` has is used again.
void copy_arenas(Trainable<float>& model, ArenaCopies& copies);
TensorSnapshot snapshot(Trainable<float>& model, const ArenaCopies& copies);

}  // namespace sparcell
