#include "exchange.h"

#include <filesystem>

#include "npy.h"

namespace sparcell::bench_gpu {
namespace {

Json optimizer_json(const OptimizerOptions& o) {
  return {{"type", name_of(o.type)},
          {"learning_rate", o.learning_rate},
          {"betas", o.betas},
          {"weight_decay", o.weight_decay}};
}

Json network_json(const NetworkOptions& o) {
  std::vector<double> dropout = o.dropout;
  dropout.resize(o.hidden.size(), dropout.empty() ? 0.0 : dropout.back());
  return {{"hidden", o.hidden},
          {"normalization", name_of(o.normalization)},
          {"activation", name_of(o.activation)},
          {"slope", o.slope},
          {"dropout", dropout}};
}

}  // namespace

Json options_json(const ModelOptions& o, std::uint64_t seed) {
  Json json{{"type", name_of(o.type)}, {"seed", seed}, {"latent", o.latent}};
  if (o.type != ModelType::gan) {
    json.update(network_json(o.network));
    json["decoder_dropout"] = o.decoder_dropout;
    json["reduction"] = name_of(o.reconstruction_reduction);
    json["clip_norm"] = o.train.clip_norm;
    json["optimizer"] = optimizer_json(o.train.optimizer);
    return json;
  }
  json.update({{"generator", network_json(o.gan.generator)},
               {"critic", network_json(o.gan.critic)},
               {"loss", name_of(o.gan.loss)},
               {"critic_steps", o.gan.critic_steps},
               {"label_smoothing", o.gan.label_smoothing},
               {"instance_noise", o.gan.instance_noise},
               {"latent_draw", name_of(o.gan.latent_draw)},
               {"penalty_weight", o.gan.gradient_penalty.weight},
               {"penalty_target", o.gan.gradient_penalty.target},
               {"penalty_on", name_of(o.gan.gradient_penalty.on)},
               {"spectral_norm", o.gan.spectral_norm},
               {"spectral_iterations", name_of(o.gan.spectral_iterations)},
               {"sparsity_weight", o.gan.sparsity.weight},
               {"generator_optimizer", optimizer_json(o.train.generator)},
               {"critic_optimizer", optimizer_json(o.train.critic)}});
  return json;
}

void write_exchange(const std::string& folder, Trainable<float>& model, const Csr<float>& x,
                    const std::vector<std::int32_t>& order) {
  std::filesystem::create_directories(folder + "/weights");
  const TensorSnapshot tensors = snapshot(model, false);
  for (const auto* part : {&tensors.parameters, &tensors.buffers}) {
    for (const NamedTensor& tensor : *part)
      write_npy(folder + "/weights/" + tensor.name + ".npy", tensor.values, tensor.shape);
  }
  const auto length = [](const auto& values) {
    return std::vector{static_cast<std::int64_t>(values.size())};
  };
  write_npy(folder + "/offsets.npy", x.offsets, length(x.offsets));
  write_npy(folder + "/indices.npy", x.indices, length(x.indices));
  write_npy(folder + "/values.npy", x.values, length(x.values));
  write_npy(folder + "/order.npy", order, length(order));
}

}  // namespace sparcell::bench_gpu
