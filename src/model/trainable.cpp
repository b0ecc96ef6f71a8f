#include "model/trainable.h"

#include "math/philox.h"
#include "model/autoencoder.h"
#include "model/gan.h"
#include "sparcell/core/branches.h"

namespace sparcell {

template <class T>
std::unique_ptr<Trainable<T>> make_model(Context& context, const ModelOptions& options,
                                         const DeviceData<T>& data, std::uint64_t seed) {
  if (options.type == ModelType::gan) return std::make_unique<Gan<T>>(context, options, data, seed);
  return std::make_unique<Autoencoder<T>>(context, options, data, seed);
}

template <class T>
void take_step(Context& context, const StepPlan& plan, Trainable<T>& model, const BatchRows& rows,
               StepState<T>* state) {
  beside(context, [&] { begin_step<T>(context, plan, state); });
  model.train_step(rows, state);
  join(context);
}

template <class T>
std::vector<T> draw_normals(const RandomStream& random_stream, std::int64_t first, std::int64_t count) {
  const math::PhiloxStream stream(random_stream);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto element = static_cast<std::uint64_t>(first + i);
    const math::PhiloxBlock block = stream.block(element / 4);
    const auto pair = static_cast<int>(element % 4) / 2 * 2;
    T pair_values[2];
    math::normal_pair<T>(block.word[pair], block.word[pair + 1], pair_values[0], pair_values[1]);
    values[static_cast<std::size_t>(i)] = pair_values[element % 2];
  }
  return values;
}

std::vector<double> draw_uniforms(const RandomStream& random_stream, std::int64_t first, std::int64_t count) {
  const math::PhiloxStream stream(random_stream);
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(math::uniform<double>(stream.word(static_cast<std::uint64_t>(first + i))));
  return values;
}

template <class T>
Matrix<T> Trainable<T>::generate(std::int64_t first, std::int64_t count, std::uint64_t seed,
                                 const Csr<float>& conditions) {
  Matrix<T> z(count, latent());
  z.values = draw_normals<T>(RandomStream(seed, Purpose::generate), first * z.cols, z.rows * z.cols);
  return decode(z, conditions);
}

template class Trainable<float>;
template class Trainable<double>;
template std::unique_ptr<Trainable<float>> make_model(Context&, const ModelOptions&, const DeviceData<float>&,
                                                      std::uint64_t);
template std::unique_ptr<Trainable<double>> make_model(Context&, const ModelOptions&,
                                                       const DeviceData<double>&, std::uint64_t);
template void take_step(Context&, const StepPlan&, Trainable<float>&, const BatchRows&, StepState<float>*);
template void take_step(Context&, const StepPlan&, Trainable<double>&, const BatchRows&, StepState<double>*);
template std::vector<float> draw_normals(const RandomStream&, std::int64_t, std::int64_t);
template std::vector<double> draw_normals(const RandomStream&, std::int64_t, std::int64_t);

}  // namespace sparcell
