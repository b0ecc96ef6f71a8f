#include "train/snapshot.h"

#include <fmt/ranges.h>

#include <map>

namespace sparcell {
namespace {

using Part = Arena<float>::Part;

std::vector<std::int64_t> shape_of(const Arena<float>::Tensor& tensor) {
  return tensor.vector ? std::vector{tensor.rows} : std::vector{tensor.rows, tensor.cols};
}

/// `values(i)` are those of tensor number i.
template <class Values>
void add_tensors(const Arena<float>& arena, Values&& values, std::vector<NamedTensor>& tensors) {
  for (std::size_t i = 0; i < arena.tensors().size(); ++i) {
    const auto& tensor = arena.tensors()[i];
    tensors.push_back({tensor.name, shape_of(tensor), values(static_cast<int>(i))});
  }
}

void add_from_device(const Arena<float>& arena, Part part, std::vector<NamedTensor>& tensors) {
  add_tensors(
      arena, [&](int tensor) { return arena.read(tensor, part); }, tensors);
}

void add_from_copy(const Arena<float>& arena, const Buffer<float>& copy, std::vector<NamedTensor>& tensors) {
  add_tensors(
      arena, [&](int tensor) { return arena.take(tensor, copy.span()); }, tensors);
}

/// What is to be written where.
struct Restored {
  Arena<float>* arena;
  int tensor;
  Part part;
  const std::vector<float>* values;
};

void find_tensors(Arena<float>& arena, Part part, const std::vector<NamedTensor>& tensors,
                  std::vector<Restored>& found) {
  std::map<std::string, const NamedTensor*> by_name;
  for (const NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  for (std::size_t i = 0; i < arena.tensors().size(); ++i) {
    const auto& expected = arena.tensors()[i];
    const auto entry = by_name.find(expected.name);
    if (entry == by_name.end()) throw DataError("the checkpoint has no tensor {}", expected.name);
    const NamedTensor& tensor = *entry->second;
    if (tensor.shape != shape_of(expected)) {
      throw DataError("the checkpoint's tensor {} is {}, the model's {}", expected.name,
                      fmt::join(tensor.shape, " x "), fmt::join(shape_of(expected), " x "));
    }
    found.push_back({&arena, static_cast<int>(i), part, &tensor.values});
  }
}

}  // namespace

TensorSnapshot snapshot(Trainable<float>& model, bool with_moments) {
  TensorSnapshot tensors;
  for (const auto& group : model.groups()) {
    add_from_device(*group.parameters, Part::values, tensors.parameters);
    add_from_device(*group.buffers, Part::values, tensors.buffers);
    if (!with_moments) continue;
    add_from_device(*group.parameters, Part::first_moments, tensors.first_moments);
    add_from_device(*group.parameters, Part::second_moments, tensors.second_moments);
  }
  return tensors;
}

void copy_arenas(Trainable<float>& model, ArenaCopies& copies) {
  const auto groups = model.groups();
  copies.groups.resize(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ArenaCopies::Group& copy = copies.groups[g];
    groups[g].parameters->copy_to_host(Part::values, copies.host, copy.parameters);
    groups[g].buffers->copy_to_host(Part::values, copies.host, copy.buffers);
    groups[g].parameters->copy_to_host(Part::first_moments, copies.host, copy.first_moments);
    groups[g].parameters->copy_to_host(Part::second_moments, copies.host, copy.second_moments);
  }
}

TensorSnapshot snapshot(Trainable<float>& model, const ArenaCopies& copies) {
  const auto groups = model.groups();
  TensorSnapshot tensors;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const ArenaCopies::Group& copy = copies.groups[g];
    add_from_copy(*groups[g].parameters, copy.parameters, tensors.parameters);
    add_from_copy(*groups[g].buffers, copy.buffers, tensors.buffers);
    add_from_copy(*groups[g].parameters, copy.first_moments, tensors.first_moments);
    add_from_copy(*groups[g].parameters, copy.second_moments, tensors.second_moments);
  }
  return tensors;
}

void restore(Trainable<float>& model, const TensorSnapshot& tensors) {
  std::vector<Restored> found;
  for (const auto& group : model.groups()) {
    find_tensors(*group.parameters, Part::values, tensors.parameters, found);
    find_tensors(*group.buffers, Part::values, tensors.buffers, found);
    if (tensors.first_moments.empty()) continue;
    find_tensors(*group.parameters, Part::first_moments, tensors.first_moments, found);
    find_tensors(*group.parameters, Part::second_moments, tensors.second_moments, found);
  }
  for (const Restored& r : found) r.arena->write(r.tensor, *r.values, r.part);
}

}  // namespace sparcell
