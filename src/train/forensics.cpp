// The search for the first value that is not finite: determinism makes the replay of steps exact.
#include <algorithm>
#include <cmath>

#include "train/trainer.h"

namespace sparcell {
namespace {

/// Looks at one tensor after the other until the first such value.
class Search {
 public:
  Search(Context& context, const std::vector<std::int32_t>& order, std::int64_t stride)
      : context_(context), order_(order), stride_(stride) {}

  void begin_step(std::int64_t epoch, std::int64_t batch, std::int64_t step, std::int64_t cells) {
    place_ = {.tensor = "", .step = step, .epoch = epoch, .batch = batch, .values = 0, .cells = {}};
    cells_ = cells;
  }
  void look(const WatchedTensor<float>& tensor) {
    if (found_) return;
    NonFinite seen = place_;
    for (std::int64_t r = 0; r < tensor.values.rows; ++r) {
      const std::int64_t values = count_in_row(tensor.values, r);
      if (values == 0) continue;
      seen.values += values;
      const std::int64_t cell = tensor.first_cell < 0 ? -1 : r - tensor.first_cell;
      if (cell >= 0 && cell < cells_)
        seen.cells.push_back(order_[static_cast<std::size_t>(place_.batch * stride_ + cell)]);
    }
    if (seen.values == 0) return;
    seen.tensor = tensor.name;
    found_ = std::move(seen);
  }
  /// The state that a step left.
  void look(const std::vector<NamedTensor>& tensors, const char* part) {
    for (const NamedTensor& tensor : tensors) {
      if (found_) return;
      const auto values = std::count_if(tensor.values.begin(), tensor.values.end(),
                                        [](float value) { return !std::isfinite(value); });
      if (values == 0) continue;
      found_ = place_;
      found_->tensor = tensor.name + part;
      found_->values = values;
    }
  }
  const std::optional<NonFinite>& found() const { return found_; }

 private:
  std::int64_t count_in_row(const MatrixView<const float>& view, std::int64_t row) {
    host_.resize(static_cast<std::size_t>(view.cols));
    context_.memory().copy_to_host(host_.data(), view.row(row), host_.size() * sizeof(float));
    return std::count_if(host_.begin(), host_.end(), [](float value) { return !std::isfinite(value); });
  }

  Context& context_;
  const std::vector<std::int32_t>& order_;
  const std::int64_t stride_;
  std::int64_t cells_ = 0;
  NonFinite place_;
  std::optional<NonFinite> found_;
  std::vector<float> host_;
};

}  // namespace

std::optional<NonFinite> Trainer::find_non_finite(std::int64_t epoch) {
  // A recording shows nothing when it is repeated.
  StepRunner plain(context_, model_, plan_, GraphMode::off, false, options_.train.batch, order_.data(),
                   device_state_.data());
  for (; epoch_ <= epoch; ++epoch_) {
    std::int64_t batch = begin_epoch(epoch_);
    const std::vector<std::int32_t> order = order_.to_host();
    Search search(context_, order, options_.train.batch);
    model_.watch([&](const WatchedTensor<float>& tensor) { search.look(tensor); });
    for (; batch < batches_ && !search.found(); ++batch) {
      search.begin_step(epoch_, batch, device_state_.to_host().front().step, batch_rows(batch));
      plain.run(batch_rows(batch), 1);
      context_.synchronize();
      const TensorSnapshot after = snapshot(model_, true);
      search.look(after.parameters, " after the step");
      search.look(after.buffers, " after the step");
      search.look(after.second_moments, ": second moment");
    }
    model_.watch({});
    if (search.found()) return search.found();
    try {
      end_epoch(epoch_);
    } catch (const NumericalError&) {
      return std::nullopt;  // sums or validation losses alone
    }
  }
  return std::nullopt;
}

}  // namespace sparcell
