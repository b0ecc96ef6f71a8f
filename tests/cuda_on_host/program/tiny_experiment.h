// An experiment that a device whose threads run one after the other ends in seconds.
#pragma once

#include "support/small_experiment.h"

namespace sparcell::test {

inline constexpr const char* tiny_experiment_yaml = R"(name: tiny
seed: 3
threads: 1
device: cuda
read: {path: cells.h5ad}
split: {stratify: true}
select: {genes: 24}
model:
  ae: {type: autoencoder, hidden: [8], latent: 3, dropout: [0.1], normalization: layer}
  vae: {type: vae, hidden: [8], latent: 3, dropout: [0.1]}
  gan: {type: gan, latent: 3, generator: {hidden: [8], dropout: [0]}, critic: {hidden: [8], dropout: [0.1]}}
train: {epochs: 3, batch: 32}
evaluate: {resamples: 100, components: 8}
report: {html: false}
)";

/// The small experiment, smaller and on `device: cuda`: 96 cells x 48 genes.
class TinyExperiment : public SmallExperiment {
 protected:
  TinyExperiment() {
    simulate(folder / "cells.h5ad",
             {.cells = 96, .genes = 48, .perturbations = 3, .doubles = 0, .controls = 0.3, .density = 0.3},
             silent);
    write_bytes(folder / "small.yaml", tiny_experiment_yaml);
  }

  /// Overrides for what only has to train: the autoencoder, one metric.
  const std::vector<std::string> short_run{"~model.vae", "~model.gan", "evaluate.metrics=[mse]"};
};

}  // namespace sparcell::test
