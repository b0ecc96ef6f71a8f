#include "train/checkpoint.h"

#include <map>

#include "hdf5/file.h"

namespace sparcell {
namespace {

constexpr std::int64_t checkpoint_schema = 1;

using Part = Arena<float>::Part;

void copy_out(const Arena<float>& arena, Part part, std::vector<NamedTensor>& tensors) {
  for (std::size_t i = 0; i < arena.tensors().size(); ++i) {
    const auto& tensor = arena.tensors()[i];
    std::vector<std::int64_t> shape{tensor.rows};
    if (!tensor.vector) shape.push_back(tensor.cols);
    tensors.push_back({tensor.name, shape, arena.read(static_cast<int>(i), part)});
  }
}

void copy_in(Arena<float>& arena, Part part, const std::vector<NamedTensor>& tensors) {
  std::map<std::string, const NamedTensor*> by_name;
  for (const NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  for (std::size_t i = 0; i < arena.tensors().size(); ++i) {
    const auto& expected = arena.tensors()[i];
    const auto found = by_name.find(expected.name);
    if (found == by_name.end()) throw DataError("the checkpoint has no tensor {}", expected.name);
    const auto size = static_cast<std::int64_t>(found->second->values.size());
    if (size != expected.size()) {
      throw DataError("the checkpoint's tensor {} has {} values, the model's {}", expected.name, size,
                      expected.size());
    }
    arena.write(static_cast<int>(i), found->second->values, part);
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
  for (const auto& group : model.groups()) {
    copy_in(*group.parameters, Part::values, tensors.parameters);
    copy_in(*group.buffers, Part::values, tensors.buffers);
    if (tensors.first_moments.empty()) continue;
    copy_in(*group.parameters, Part::first_moments, tensors.first_moments);
    copy_in(*group.parameters, Part::second_moments, tensors.second_moments);
  }
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
