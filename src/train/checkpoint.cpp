#include "train/checkpoint.h"

#include <algorithm>
#include <array>

#include "core/crc32c.h"
#include "hdf5/file.h"

namespace sparcell {
namespace {

constexpr std::int64_t checkpoint_schema = 2;

/// Every attribute with its place; writing, reading and the checksum follow from it.
template <class AnyCheckpoint, class Visit>
void for_each_attribute(AnyCheckpoint& c, Visit&& visit) {
  visit("config_hash", c.identity.config_hash);
  visit("lineage", c.identity.lineage);
  visit("model", c.identity.model);
  visit("type", c.identity.type);
  visit("seed", c.identity.seed);
  visit("epoch", c.state.epoch);
  visit("batch", c.state.step.batch);
  visit("step", c.state.step.step);
  visit("update", c.state.step.update);
  visit("learning_rate", c.state.step.base_learning_rate);
  visit("kl_progress", c.state.step.kl_progress);
  visit("plateau_best", c.state.plateau_best);
  visit("plateau_bad_epochs", c.state.plateau_bad_epochs);
  visit("best_value", c.state.best.value);
  visit("best_epoch", c.state.best.epoch);
  visit("best_reference", c.state.best.reference);
  visit("epochs_since_best", c.state.best.epochs_since);
  visit("last_epoch", c.state.last.epoch);
  visit("last_step", c.state.last.step);
}

/// The loss parts of an epoch, each with the name that stands in the file.
std::vector<std::pair<std::string, LossParts EpochRecord::*>> record_parts() {
  return {{"train", &EpochRecord::train},
          {"validation", &EpochRecord::validation},
          {"diagnostics", &EpochRecord::diagnostics}};
}

/// Tensors that were read come in another order than the model's own, and are the same.
std::vector<const NamedTensor*> by_name(const std::vector<NamedTensor>& tensors) {
  std::vector<const NamedTensor*> sorted;
  for (const NamedTensor& tensor : tensors) sorted.push_back(&tensor);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return sorted;
}

class Checksum {
 public:
  void add(const std::string& text) {
    add(static_cast<std::int64_t>(text.size()));
    crc_.update(text);
  }
  void add(std::int64_t number) { add_bytes(&number, sizeof number); }
  void add(double number) { add_bytes(&number, sizeof number); }
  void add(const std::vector<NamedTensor>& tensors) {
    for (const NamedTensor* tensor : by_name(tensors)) {
      add(tensor->name);
      for (const std::int64_t extent : tensor->shape) add(extent);
      add_bytes(tensor->values.data(), tensor->values.size() * sizeof(float));
    }
  }
  std::int64_t value() const { return crc_.value(); }

 private:
  void add_bytes(const void* bytes, std::size_t count) {
    crc_.update({static_cast<const char*>(bytes), count});
  }

  Crc32c crc_;
};

std::int64_t checksum_of(const Checkpoint& c) {
  Checksum sum;
  for_each_attribute(c, [&](const char*, const auto& value) { sum.add(value); });
  if (!c.identity.seen_cells.empty()) sum.add(c.identity.seen_cells);
  for (const double loss : c.state.step.losses) sum.add(loss);
  for (const auto& [part, member] : record_parts()) {
    for (const auto& [name, value] : c.state.last.*member) {
      sum.add(part + "." + name);
      sum.add(value);
    }
  }
  for (const auto* tensors :
       {&c.tensors.parameters, &c.tensors.buffers, &c.tensors.first_moments, &c.tensors.second_moments})
    sum.add(*tensors);
  if (c.best) {
    sum.add(c.best->parameters);
    sum.add(c.best->buffers);
  }
  return sum.value();
}

void write_tensors(const hdf5::Group& group, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor* tensor : by_name(tensors))
    group.write<float>(tensor->name, tensor->values, tensor->shape);
}

void write_weights(const hdf5::Group& group, const TensorSnapshot& tensors) {
  write_tensors(group.create_group("parameters"), tensors.parameters);
  write_tensors(group.create_group("buffers"), tensors.buffers);
}

std::vector<NamedTensor> read_tensors(const hdf5::Group& group) {
  std::vector<NamedTensor> tensors;
  for (const std::string& name : group.children()) {
    const hdf5::Dataset dataset = group.dataset(name);
    tensors.push_back({name, dataset.shape(), dataset.read<float>()});
  }
  return tensors;
}

TensorSnapshot read_weights(const hdf5::Group& group, std::int64_t epoch) {
  return {.epoch = epoch,
          .parameters = read_tensors(group.group("parameters")),
          .buffers = read_tensors(group.group("buffers")),
          .first_moments = {},
          .second_moments = {}};
}

void write_record(const hdf5::Group& group, const EpochRecord& record) {
  std::vector<std::string> names;
  std::vector<double> values;
  for (const auto& [part, member] : record_parts()) {
    for (const auto& [name, value] : record.*member) {
      names.push_back(part + "." + name);
      values.push_back(value);
    }
  }
  group.write_strings("names", names);
  group.write("values", values);
}

void read_record(const hdf5::Group& group, EpochRecord& record) {
  const std::vector<std::string> names = group.dataset("names").read_strings();
  const std::vector<double> values = group.dataset("values").read<double>();
  for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
    for (const auto& [part, member] : record_parts()) {
      if (names[i].starts_with(part + "."))
        (record.*member).emplace_back(names[i].substr(part.size() + 1), values[i]);
    }
  }
}

void read_attribute(const hdf5::File& file, const char* name, std::string& value) { value = file.text(name); }
void read_attribute(const hdf5::File& file, const char* name, std::int64_t& value) {
  value = file.integer(name);
}
void read_attribute(const hdf5::File& file, const char* name, double& value) { value = file.number(name); }

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& c, const std::string& previous) {
  hdf5::NewFile file(path);
  file.set("schema", checkpoint_schema);
  file.set("checksum", checksum_of(c));
  for_each_attribute(c, [&](const char* name, const auto& value) { file.set(name, value); });
  if (!c.identity.seen_cells.empty()) file.set("seen_cells", c.identity.seen_cells);
  file.write("losses", std::vector<double>(std::begin(c.state.step.losses), std::end(c.state.step.losses)));
  write_record(file.create_group("last_epoch"), c.state.last);
  write_weights(file, c.tensors);
  if (!c.tensors.first_moments.empty()) {
    const hdf5::Group moments = file.create_group("moments");
    write_tensors(moments.create_group("first"), c.tensors.first_moments);
    write_tensors(moments.create_group("second"), c.tensors.second_moments);
  }
  if (c.best) write_weights(file.create_group("best"), *c.best);
  file.commit(previous);
}

Checkpoint read_checkpoint(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path);
  if (!file.has_attribute("schema") || !file.is_group("parameters"))
    throw DataError("{} is no checkpoint of sparcell: it has no schema and parameters", path);
  if (file.integer("schema") != checkpoint_schema) {
    throw OtherVersion("{} is a checkpoint of schema {}, this version reads schema {}", path,
                       file.integer("schema"), checkpoint_schema);
  }
  Checkpoint c;
  for_each_attribute(c, [&](const char* name, auto& value) { read_attribute(file, name, value); });
  if (file.has_attribute("seen_cells")) c.identity.seen_cells = file.text("seen_cells");
  const std::vector<double> losses = file.dataset("losses").read<double>();
  if (losses.size() == loss_parts) std::copy(losses.begin(), losses.end(), c.state.step.losses);
  read_record(file.group("last_epoch"), c.state.last);
  c.tensors = read_weights(file, c.state.epoch);
  if (file.is_group("moments")) {
    c.tensors.first_moments = read_tensors(file.group("moments/first"));
    c.tensors.second_moments = read_tensors(file.group("moments/second"));
  }
  if (file.is_group("best"))
    c.best = std::make_shared<TensorSnapshot>(read_weights(file.group("best"), c.state.best.epoch));
  if (checksum_of(c) != file.integer("checksum"))
    throw DataError("{} is damaged: its content does not have its checksum", path);
  return c;
}

}  // namespace sparcell
