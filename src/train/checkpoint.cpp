#include "train/checkpoint.h"

#include <fmt/ranges.h>

#include <map>

#include "hdf5/file.h"

namespace sparcell {
namespace {

constexpr std::int64_t checkpoint_schema = 1;

using Part = Arena<float>::Part;

std::vector<std::int64_t> shape_of(const Arena<float>::Tensor& tensor) {
  return tensor.vector ? std::vector{tensor.rows} : std::vector{tensor.rows, tensor.cols};
}

void copy_out(const Arena<float>& arena, Part part, std::vector<NamedTensor>& tensors) {
  for (std::size_t i = 0; i < arena.tensors().size(); ++i) {
    const auto& tensor = arena.tensors()[i];
    tensors.push_back({tensor.name, shape_of(tensor), arena.read(static_cast<int>(i), part)});
  }
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

void write_tensors(const hdf5::Group& group, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors) group.write<float>(tensor.name, tensor.values, tensor.shape);
}

std::vector<NamedTensor> read_tensors(const hdf5::Group& group) {
  std::vector<NamedTensor> tensors;
  for (const std::string& name : group.children()) {
    const hdf5::Dataset dataset = group.dataset(name);
    tensors.push_back({name, dataset.shape(), dataset.read<float>()});
  }
  return tensors;
}

}  // namespace

TensorSnapshot snapshot(Trainable<float>& model, bool with_moments) {
  TensorSnapshot tensors;
  for (const auto& group : model.groups()) {
    copy_out(*group.parameters, Part::values, tensors.parameters);
    copy_out(*group.buffers, Part::values, tensors.buffers);
    if (!with_moments) continue;
    copy_out(*group.parameters, Part::first_moments, tensors.first_moments);
    copy_out(*group.parameters, Part::second_moments, tensors.second_moments);
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

void write_checkpoint(const std::string& path, const CheckpointIdentity& identity,
                      const TensorSnapshot& tensors, const CheckpointState& state) {
  hdf5::NewFile file(path);
  file.set("schema", checkpoint_schema);
  file.set("config_hash", identity.config_hash);
  file.set("model", identity.model);
  file.set("type", identity.type);
  file.set("seed", identity.seed);
  file.set("epoch", state.epoch);
  file.set("batch", state.step.batch);
  file.set("step", state.step.step);
  file.set("update", state.step.update);
  file.set("learning_rate", state.step.base_learning_rate);
  file.set("plateau_best", state.plateau_best);
  file.set("plateau_bad_epochs", state.plateau_bad_epochs);
  file.set("best_value", state.best.value);
  file.set("best_epoch", state.best.epoch);
  file.set("best_reference", state.best.reference);
  file.set("epochs_since_best", state.best.epochs_since);
  file.write("losses", std::vector<double>(std::begin(state.step.losses), std::end(state.step.losses)));
  write_tensors(file.create_group("parameters"), tensors.parameters);
  write_tensors(file.create_group("buffers"), tensors.buffers);
  if (!tensors.first_moments.empty()) {
    const hdf5::Group moments = file.create_group("moments");
    write_tensors(moments.create_group("first"), tensors.first_moments);
    write_tensors(moments.create_group("second"), tensors.second_moments);
  }
  file.commit();
}

TensorSnapshot read_checkpoint(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path);
  if (!file.has_attribute("schema") || !file.is_group("parameters")) {
    throw DataError("{} is no checkpoint of sparcell: it has no schema and parameters", path);
  }
  if (file.integer("schema") != checkpoint_schema) {
    throw DataError("{} is a checkpoint of schema {}, this version reads schema {}", path,
                    file.integer("schema"), checkpoint_schema);
  }
  TensorSnapshot tensors{.epoch = file.integer("epoch"),
                         .parameters = read_tensors(file.group("parameters")),
                         .buffers = read_tensors(file.group("buffers")),
                         .first_moments = {},
                         .second_moments = {}};
  if (file.is_group("moments")) {
    tensors.first_moments = read_tensors(file.group("moments/first"));
    tensors.second_moments = read_tensors(file.group("moments/second"));
  }
  return tensors;
}

}  // namespace sparcell
