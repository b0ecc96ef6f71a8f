#include "model/critic_input.h"

#include <algorithm>

#include "sparcell/ops/gather.h"
#include "sparcell/ops/gradient_penalty.h"
#include "sparcell/ops/random.h"

namespace sparcell {

template <class T>
CriticInput<T>::CriticInput(Context& context, const GanOptions& options, std::int64_t genes,
                            const Told<T>& told, std::int64_t batch, std::uint64_t seed, Arena<T>& parameters)
    : context_(context),
      options_(options),
      genes_(genes),
      told_(told),
      seed_(seed),
      told_rows_(context, batch * passes() * told_width()) {
  for (std::int64_t update = 0; update < std::min<std::int64_t>(options.critic_steps, 2); ++update)
    cells_.emplace_back(context, layout(batch).all() * genes);
  if (told.products > 0) pairs_.emplace(context, "critic_genes.weight", told, batch, 1, parameters);
}

template <class T>
void CriticInput<T>::initialize(bool alike) {
  if (pairs_) pairs_->initialize(seed_, alike, 1);
}

template <class T>
void CriticInput<T>::finish_cells(std::int64_t rows, Counter update) {
  const MatrixView<T> real = real_rows(rows);
  if (const UpdateRows all = layout(rows); all.penalised) {
    interpolate<T>(context_, RandomStream(seed_, Purpose::interpolation, 0, update), real,
                   generated_rows(rows), cells(place_ + 1, all.interpolated(), rows));
  }
  if (options_.instance_noise > 0) {
    add_normal<T>(context_, RandomStream(seed_, Purpose::instance_noise, 0, update),
                  static_cast<T>(options_.instance_noise),
                  {real.data, static_cast<std::size_t>(real.size())});
  }
}

template <class T>
MatrixView<T> CriticInput<T>::told(std::int64_t first, std::int64_t rows) const {
  if (told_width() == 0) return {};
  return {told_rows_.data() + first * told_width(), rows, told_width()};
}

template <class T>
void CriticInput<T>::take_conditions(const Conditions<T>& conditions) {
  if (told_width() == 0) return;
  told_cells_ = conditions;
  const std::int64_t n = conditions.rows.count;
  for (std::int64_t pass = 0; pass < passes(); ++pass) {
    const MatrixView<T> all = told(pass * n, n);
    gather_dense<T>(context_, conditions.x, conditions.rows, {}, {all.data, n, told_.conditions, all.stride});
  }
}

template <class T>
void CriticInput<T>::tell_products(std::int64_t passes) {
  if (!pairs_) return;
  pairs_->put(context_, 0, told_cells_);
  const std::int64_t n = told_cells_.rows.count;
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    const MatrixView<T> all = told(pass * n, n);
    pairs_->copy(context_, 0, {all.data + told_.conditions, n, told_.products, all.stride});
  }
}

template class CriticInput<float>;
template class CriticInput<double>;

}  // namespace sparcell
