#include "model/encoder_input.h"

#include <algorithm>

#include "sparcell/core/branches.h"
#include "sparcell/ops/gather.h"
#include "sparcell/ops/mix.h"

namespace sparcell {
namespace {

/// Streams of Purpose::augmentation: for `mix` the shares of cells and their entries, then who stands in for
/// the cells of a batch.
enum Stream : std::uint32_t { mixed_shares, mixed_entries, training_controls, validation_controls };

}  // namespace

template <class T>
Reading reading_of(const ModelOptions& options, const DeviceData<T>& data) {
  if (!data.sparse()) return Reading::dense;
  if (!options.input.standardize && options.input.mix == 0 && !options.conditioning.encoder)
    return Reading::rows;
  return Reading::loaded;
}

bool path_by_rows(const Context& context, const ModelOptions& options, Reading reading) {
  return reading == Reading::rows && options.skip && !options.network.hidden.empty() &&
         !context.device().is_cuda();
}

template <class T>
EncoderInput<T>::EncoderInput(Context& context, const ModelOptions& options, const DeviceData<T>& data,
                              std::uint64_t seed, std::int64_t capacity, Arena<T>& buffers)
    : context_(context),
      options_(options),
      data_(data),
      seed_(seed),
      buffers_(buffers),
      reading_(reading_of(options, data)),
      dense_gradient_(reading_ == Reading::rows && context.device().is_cuda()),
      path_by_rows_(path_by_rows(context, options, reading_)),
      controls_(context, options.conditioning.control_input, capacity) {
  const std::int64_t entries = capacity * data.features();
  if (makes_dense() || dense_gradient_) values_ = Buffer<T>(context, entries);
  if (reading_ == Reading::loaded)
    loaded_room_ = Buffer<std::byte>(context, loaded_room<T>(capacity, data.features()));
  if (!standardizes()) return;
  mean_ = buffers.add_vector("input.mean", data.genes());
  inverse_deviation_ = buffers.add_vector("input.inverse_deviation", data.genes());
  if (reading_ == Reading::dense) standardized_ = Buffer<T>(context, entries);
}

template <class T>
void EncoderInput<T>::begin_from(const TrainingStart& start) {
  if (standardizes()) {
    const double largest = *std::max_element(start.deviation.begin(), start.deviation.end());
    const double floor = std::max(options_.input.deviation_floor * largest, 1e-12);
    std::vector<T> mean(start.mean.begin(), start.mean.end()), inverse;
    for (double deviation : start.deviation)
      inverse.push_back(static_cast<T>(1 / std::max(deviation, floor)));
    buffers_.write(mean_, mean);
    buffers_.write(inverse_deviation_, inverse);
  }
  if (options_.input.mix > 0) {
    mixed_cells_ = start.genes.cols;
    gene_offsets_ = Buffer<std::int64_t>(context_, start.genes.offsets);
    gene_values_ = Buffer<T>(context_, std::vector<T>(start.genes.values.begin(), start.genes.values.end()));
  }
  controls_.begin(context_, start.controls);
}

template <class T>
BatchRows EncoderInput<T>::seen(const BatchRows& rows, const std::int64_t* step) {
  return controls_.rows<T>(context_, rows,
                           RandomStream(seed_, Purpose::augmentation, training_controls, step));
}

template <class T>
BatchRows EncoderInput<T>::seen_in_validation(const BatchRows& rows, std::int64_t batch) {
  return controls_.rows<T>(context_, rows,
                           RandomStream(seed_, Purpose::augmentation, validation_controls, nullptr, batch));
}

template <class T>
void EncoderInput<T>::prepare_weight_gradient(const BatchRows& rows) {
  beside(context_, [&] {
    gather_dense<T>(context_, data_.x(), rows, data_.standardization(), view(values_, rows.count));
  });
}

template <class T>
NetworkInput<T> EncoderInput<T>::load(const DeviceData<T>& data, const BatchRows& rows,
                                      const std::int64_t* step) {
  const MatrixView<T> values = view(values_, rows.count);
  const Mixing<T> mixing{.other = {mixed_cells_, gene_offsets_.data(), gene_values_.data()},
                         .probability = step == nullptr ? 0 : options_.input.mix,
                         .shares = RandomStream(seed_, Purpose::augmentation, mixed_shares, step),
                         .draws = RandomStream(seed_, Purpose::augmentation, mixed_entries, step)};
  if (reading_ == Reading::loaded) {
    load_batch<T>(context_, data.x(), rows, mixing, loaded(rows.count));
  } else if (standardizes() || options_.input.mix > 0) {
    gather_mixed<T>(context_, data.x(), rows, mixing, values, standardization(),
                    standardizes() ? view(standardized_, rows.count) : MatrixView<T>());
  } else if (makes_dense()) {
    gather_dense<T>(context_, data.x(), rows, data_.standardization(), values);
  }
  if (reading_ != Reading::rows) return without_rows(rows.count);
  return rows_ = {data.x(), rows};
}

template <class T>
NetworkInput<T> EncoderInput<T>::without_rows(std::int64_t rows) const {
  if (reading_ == Reading::loaded) return loaded(rows);
  return view(standardizes() ? standardized_ : values_, rows);
}

template <class T>
MatrixView<const T> EncoderInput<T>::values(std::int64_t rows) const {
  return makes_dense() ? view(values_, rows) : MatrixView<const T>();
}

template <class T>
NetworkInput<T> EncoderInput<T>::for_linear_path(std::int64_t rows) const {
  if (path_by_rows_) return rows_;
  return reading_ == Reading::loaded ? NetworkInput<T>(loaded(rows).as_is()) : values(rows);
}

template <class T>
MatrixView<const T> EncoderInput<T>::dense_target(std::int64_t rows) const {
  const bool of_others = controls_.exchanges() && options_.input.mix == 0;
  return values_.size() == 0 || of_others ? MatrixView<const T>() : view(values_, rows);
}

template <class T>
NetworkInput<T> EncoderInput<T>::for_weight_gradient(const BatchRows& rows) const {
  if (reading_ == Reading::rows && !dense_gradient_) return {data_.x(), rows};
  return without_rows(rows.count);
}

template Reading reading_of(const ModelOptions&, const DeviceData<float>&);
template Reading reading_of(const ModelOptions&, const DeviceData<double>&);
template class EncoderInput<float>;
template class EncoderInput<double>;

}  // namespace sparcell
