// The root of the description: an experiment's keys and sections in the order of the file. Beside what
// describe.h says, visitors know `models`: the map of named models, each with the experiment's `train` merged
// under its own.
#pragma once

#include "sparcell/experiment.h"

namespace sparcell {

template <class Visitor>
void describe(Visitor& v, Experiment& o) {
  v.field("name", o.name, "Name of the experiment; its runs are written to runs/NAME.");
  v.field("seed", o.seed, at_least(0), "Seed of everything that is drawn.");
  v.field("threads", o.threads, between(0, 4096),
          "CPU threads; 0 takes the cores that this process may use.");
  v.field("device", o.device, "auto, cpu, cuda or cuda:N; auto takes a GPU where there is one.");
  v.field("precision", o.products.precision,
          "How the dense matrices of training steps are multiplied: f32; tf32 (a GPU's) or bf16 (a GPU's, "
          "and of CPUs with AVX512_BF16 or AMX) round the operands of products to 11 or 8 significant bits. "
          "Sums, weights, statistics, losses, the optimizer and small products are f32 in every case, and "
          "so is what is asked of a trained model.");
  v.field("tags", o.tags, "Words to find the run by.");
  v.field("fast_dev_run", o.fast_dev_run,
          "One epoch on two batches of everything, as run --fast-dev-run says.");
  v.section("products", o.products, "Matrix products of training steps on a GPU.");
  v.section("read", o.read, "Station 1: a count file becomes a data set.");
  v.section("filter", o.filter, "Station 2: cells, genes and perturbations to keep.");
  v.section("split", o.split, "Station 3: training, validation and test cells.");
  v.section("normalize", o.normalize, "Station 4: library size, log1p, standardization.");
  v.section("select", o.select, "Station 5: the genes that models see.");
  v.models("model", o.model, o.train, "Station 6: a map from names to models, or one model.");
  v.section("train", o.train,
            "Station 7: how models are optimized; each model may change it in a train of its own.");
  v.section("evaluate", o.evaluate, "Station 8: metrics on test cells, beside baselines.");
  v.section("report", o.report, "Station 9: one page for the run.");
}

/// `model.NAME.train`: the words of `train`, and a GAN's two optimizers.
template <class Visitor>
void describe_own_train(Visitor& v, ModelOptions& o) {
  describe(v, o.train);
  if (o.type != ModelType::gan) return;
  v.section("generator", o.train.generator, "The generator's optimizer.");
  v.section("critic", o.train.critic, "The critic's optimizer.");
}

}  // namespace sparcell
