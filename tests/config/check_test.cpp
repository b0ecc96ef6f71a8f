// Combinations that make no sense: each is refused with its own sentence, and its neighbour that does make
// sense loads.
#include "config/config_support.h"

namespace sparcell {
namespace {

struct Combination {
  std::string refused;   ///< overrides of the file below, separated by |
  std::string sentence;  ///< a part of it
  std::string accepted;
};

std::vector<std::string> split_overrides(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '|') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (text.empty()) parts.clear();
  return parts;
}

const Combination combinations[] = {
    {"name=", "name is ''", "name=a b"},
    {"name=a/b", "no slash", "name=a_b"},
    {"name=.hidden", "no dot in front", "name=a.b"},
    {"device=gpu", "device must be auto, cpu, cuda or cuda:N, not 'gpu'", "device=cuda"},
    {"device=cuda:x", "device must be", "device='cuda:1'"},
    {"device='cuda:'", "device must be", "device=cpu"},
    {"device=cpu|precision=tf32", "precision tf32 is a GPU's, and device is cpu", "device=cpu|precision=bf16"},
    {"precision=f16", "precision", "precision=f32"},
    {"device=cpu|products.plan=p.json", "products.plan names a plan for a GPU", "products.plan=p.json"},
    {"products.plan=''", "products.plan is empty", "device=cpu|products.plan=heuristic"},
    {"read.perturbation={preset: none, column: x}", "reads no labels", "read.perturbation.preset=none"},
    {"filter.max_genes=5|filter.min_genes=6", "no cell can be kept", "filter.max_genes=6|filter.min_genes=6"},
    {"filter.max_counts=5|filter.min_counts=6", "no cell can be kept",
     "filter.max_counts=0|filter.min_counts=6"},
    {"filter.perturbations=[]", "filter.perturbations is empty", "filter.perturbations=[A, B]"},
    {"filter.perturbations=[all, A]", "'all' cannot stand beside", "filter.perturbations=all"},
    {"filter.perturbations=[A, single]", "'single' cannot stand beside", "filter.perturbations=single"},
    {"filter.obs.x=[]", "filter.obs.x lists no value", "filter.obs.x=[1]"},
    {"split.train=0.8", "sum to 1.1, above 1", "split.train=0.6|split.validation=0.2|split.test=0.2"},
    {"split.train=0", "no cell to train on", "split.train=0.1"},
    {"split.test=0", "no cell to judge", "split.validation=0"},
    {"split.by=perturbation|split.stratify=true", "split.by cell, not perturbation", "split.stratify=true"},
    {"split.hold_out=genes", "needs split.by perturbation, not cell",
     "split.by=perturbation|split.hold_out=genes"},
    {"split.by=perturbation|split.seen=2", "needs split.hold_out doubles, not any",
     "split.by=perturbation|split.hold_out=doubles|split.seen=2"},
    {"split.by=perturbation|split.hold_out=doubles|split.seen=3",
     "split.seen must be at least 0 and at most 2", ""},
    {"split.by=column", "needs split.column", "split.by=column|split.column=part"},
    {"split.by=file", "needs split.file", "split.by=file|split.file=split.csv"},
    {"split.column=part", "only read with split.by column", ""},
    {"split.file=split.csv", "only read with split.by file", ""},
    {"select.flavor=list", "needs select.file", "select.flavor=list|select.file=genes.txt"},
    {"select.file=genes.txt", "only read with select.flavor list", ""},
    {"normalize=none|select.flavor=seurat_v3", "seurat_v3 ranks counts",
     "normalize=none|select.flavor=seurat"},
    {"normalize.log1p=false|select.flavor=seurat", "seurat ranks log1p values",
     "normalize.log1p=false|select.flavor=seurat_v3"},
    {"normalize.log1p=false|select.flavor=cell_ranger", "cell_ranger ranks log1p values",
     "select.flavor=cell_ranger"},
    {"read.perturbation.preset=none|filter.perturbations=single", "needs perturbation labels", ""},
    {"read.perturbation.preset=none|filter.min_cells_per_perturbation=3", "needs perturbation labels", ""},
    {"read.perturbation.preset=none|split.by=perturbation", "needs perturbation labels",
     "split.by=perturbation"},
    {"read.perturbation.preset=none|split.stratify=true", "needs perturbation labels", ""},
    {"read.perturbation.preset=none|select.include_perturbed=true", "needs perturbation labels",
     "select.include_perturbed=true"},
    {"model.vae.kl.warmup=1", "training is not longer than the warm-up", "model.vae.kl.warmup=0.99"},
    {"model.vae.hidden=[]|model.vae.dropout=0", "at least one hidden layer",
     "model.vae.hidden=[3]|model.vae.dropout=0"},
    {"model.vae.kl.warmup=2", "training is not longer than the warm-up", "model.vae.kl.warmup=0"},
    {"model.ae.condition=[batch, batch]", "model.ae.condition names batch twice",
     "model.ae.condition=[batch, lane]"},
    {"model.vae.condition=[perturbation, source]", "files of generated cells have a column source of their own",
     "model.vae.condition=[perturbation, batch]"},
    {"model.ae.condition=perturbation|read.perturbation.preset=none", "needs perturbation labels",
     "model.ae.condition=perturbation"},
    {"model.ae.conditioning.embedding=loadings", "model.ae.condition does not name perturbation",
     "model.ae.conditioning.embedding=loadings|model.ae.condition=[perturbation, batch]"},
    {"model.ae.conditioning.embedding=''", "conditioning.embedding is empty", ""},
    {"model.ae.conditioning.control_input=1", "model.ae.condition does not name perturbation",
     "model.ae.conditioning.control_input=1|model.ae.condition=perturbation"},
    {"model.vae.conditioning.encoder=true", "model.vae.condition names none",
     "model.vae.conditioning.encoder=true|model.vae.condition=batch"},
    {"model.ae.condition=perturbation|model.ae.conditioning.control_input=0.5|model.ae.input.mix=0.1",
     "one of them must be 0", "model.ae.condition=perturbation|model.ae.input.mix=0.1"},
    {"model.ae.conditioning.combine=learned", "model.ae.condition does not name perturbation",
     "model.ae.condition=perturbation|model.ae.conditioning.combine=learned"},
    {"model.ae.conditioning.rank=3", "belongs to conditioning.combine learned, not sum",
     "model.ae.condition=perturbation|model.ae.conditioning={combine: learned, rank: 3}"},
    {"model.gan.condition=[batch, batch]", "model.gan.condition names batch twice",
     "model.gan.condition=[perturbation, batch]"},
    {"model.gan.condition=perturbation|read.perturbation.preset=none", "needs perturbation labels",
     "model.gan.condition=perturbation"},
    {"model.gan.conditioning.embedding=loadings", "model.gan.condition does not name perturbation",
     "model.gan.conditioning.embedding=loadings|model.gan.condition=perturbation"},
    {"model.gan.conditioning.combine=learned", "model.gan.condition does not name perturbation",
     "model.gan.condition=perturbation|model.gan.conditioning.combine=learned"},
    {"model.gan.condition=perturbation|model.gan.conditioning.rank=3",
     "belongs to conditioning.combine learned, not sum",
     "model.gan.condition=perturbation|model.gan.conditioning={combine: learned, rank: 3}"},
    {"model.gan.minibatch=deviation|model.gan.critic={hidden: [8], dropout: 0}",
     "model.gan.critic.hidden needs two widths at least",
     "model.gan.minibatch=deviation|model.gan.critic={hidden: [8, 8], dropout: 0}"},
    {"model.gan.minibatch=deviation|model.gan.train.batch=1|model.gan.generator.normalization=none",
     "model.gan.minibatch tells how the cells of a batch differ; train.batch is 1",
     "model.gan.train.batch=1|model.gan.generator.normalization=none"},
    {"model.vae.dispersion=gene_perturbation",
     "model.vae.dispersion belongs to the likelihoods nb and zinb, not mse",
     "model.vae.likelihood=nb|model.vae.dispersion=gene_perturbation"},
    {"model.vae.likelihood=nb|model.vae.dispersion=gene_perturbation|read.perturbation.preset=none",
     "model.vae.dispersion gene_perturbation needs perturbation labels", "model.vae.likelihood=nb"},
    {"train.batch=1", "model.ae has batch normalization", "train.batch=2"},
    {"model.ae.train.batch=1", "more than one cell in a batch",
     "model.ae.train.batch=1|model.ae.normalization=layer"},
    {"model.gan.train.batch=1", "model.gan has batch normalization",
     "model.gan.train.batch=1|model.gan.generator.normalization=none"},
    {"model.gan.critic.normalization=batch", "couples the cells",
     "model.gan.critic.normalization=batch|model.gan.gradient_penalty.weight=0"},
    {"model.ae.dropout=[0.1, 0.2, 0.3]",
     "model.ae.dropout must be one number or as many as hidden layers (2), not 3", "model.ae.dropout=0.1"},
    {"model.ae.hidden=[3, 4, 5]|model.ae.dropout=[0.1, 0.2]",
     "model.ae.dropout must be one number or as many as hidden layers (3), not 2",
     "model.ae.hidden=[3, 4, 5]"},
    {"model.vae.decoder_dropout=[0.1, 0.2, 0.3]", "model.vae.decoder_dropout must be",
     "model.vae.decoder_dropout=[0.1, 0.2]"},
    {"model.gan.generator.dropout=[0.1, 0.2]", "model.gan.generator.dropout must be",
     "model.gan.generator.dropout=[0.1]"},
    {"model.ae.hidden=[2, 2, 2, 2, 2, 2, 2, 2, 2]|model.ae.dropout=0.1",
     "model.ae.hidden makes 18 hidden layers in encoder and decoder, and random numbers of dropout are told "
     "apart for at most 16; use fewer, or dropout 0",
     "model.ae.hidden=[2, 2, 2, 2, 2, 2, 2, 2]|model.ae.dropout=0.1"},
    {"model.vae.hidden=[2, 2, 2, 2, 2, 2, 2, 2, 2]|model.vae.dropout=0|model.vae.decoder_dropout=0.1",
     "model.vae.hidden makes 18 hidden layers",
     "model.vae.hidden=[2, 2, 2, 2, 2, 2, 2, 2, 2]|model.vae.dropout=0"},
    {"model.gan.critic.hidden=[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, "
     "2]|model.gan.critic.dropout=0.1",
     "model.gan.critic.hidden makes 17 hidden layers, and",
     "model.gan.critic.hidden=[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]|model.gan.critic.dropout=0.1"},
    {"model.gan.generator.hidden=[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, "
     "2]|model.gan.generator.dropout=0.1",
     "model.gan.generator.hidden makes 17 hidden layers, and",
     "model.gan.generator.hidden=[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, "
     "2]|model.gan.generator.dropout=0"},
    {"model.gan.critic.dropout=[0.1, 0.2]", "model.gan.critic.dropout must be", "model.gan.critic.dropout=0"},
    {"model.ae.start=pca", "sets the linear paths, which model.ae.skip is to switch on",
     "model.ae.start=pca|model.ae.skip=true"},
    {"model.ae.start=pca|model.ae.skip=true|model.ae.output=softplus", "would be bent by it",
     "model.ae.start=pca|model.ae.skip=true|model.ae.output=relu"},
    {"model.vae.start=pca_shrunk|model.vae.skip=true|split.validation=0",
     "chooses its shrinkage on validation cells", "model.vae.start=pca_shrunk|model.vae.skip=true"},
    {"normalize.standardize=true|model.ae.input.mix=0.5",
     "model.ae.input work on values that are not standardized", "model.ae.input.mix=0.5"},
    {"normalize.standardize=true|model.ae.output=relu", "is never negative", "model.ae.output=relu"},
    {"model.pca={type: vae}", "the model name 'pca' is that of a reference that models are judged against",
     "model.pca_vae={type: vae}"},
    {"model.pca_clamped_32={type: vae}", "the model name 'pca_clamped_32' is that of a reference",
     "model.pca_clamped_x={type: vae}"},
    {"model.gene_mean={type: gan}", "the model name 'gene_mean' is that of a reference",
     "model.gene_means={type: gan}"},
    {"model.ae_pca2={type: vae}", "is that of the first two components of ae's latent space",
     "model.other_pca2={type: vae}"},
    {"model.vae.likelihood=nb|normalize=none|model.vae.skip=false",
     "likelihood nb needs counts, and normalize: none", "model.vae.likelihood=nb"},
    {"model.vae.likelihood=nb|read={path: x, counts: X, fractional_counts: true}",
     "likelihood nb is of whole counts, and read.fractional_counts", "model.vae.likelihood=nb|read.counts=X"},
    {"read.fractional_counts=true", "read.fractional_counts is of the matrix that read.counts names",
     "read.fractional_counts=true|read.counts=X"},
    {"model.vae.likelihood=zinb|model.vae.input.mix=0.5",
     "the likelihood zinb reads the logarithms of counts", "model.vae.input.mix=0.5"},
    {"model.vae.likelihood=zinb|model.vae.input.standardize=true",
     "the likelihood zinb reads the logarithms of counts",
     "model.vae.likelihood=gaussian|model.vae.input.standardize=true"},
    {"model.vae.likelihood=gaussian|model.vae.input.mix=0.5", "the likelihood gaussian is of the cells as",
     "model.vae.likelihood=mse|model.vae.input.mix=0.5"},
    {"model.vae.likelihood=nb|model.vae.skip=true|model.vae.start=pca", "components of normalized values",
     "model.vae.likelihood=nb|model.vae.skip=true"},
    {"model.vae.likelihood=nb|model.vae.output=relu", "would bend the logarithms of rates",
     "model.vae.likelihood=gaussian|model.vae.output=relu"},
    {"model.vae.library=decoded", "belongs to the likelihoods nb and zinb, not mse",
     "model.vae.likelihood=zinb|model.vae.library=decoded"},
    {"model.vae.rates=softmax", "model.vae.rates belongs to the likelihoods nb and zinb, not mse",
     "model.vae.likelihood=nb|model.vae.rates=softmax"},
    {"model.vae.variance=shared", "belongs to the likelihood gaussian, not mse",
     "model.vae.likelihood=gaussian|model.vae.variance=shared"},
    {"model.vae.sample.components=3", "belongs to sample.from mixture, not prior",
     "model.vae.sample={from: mixture, components: 3}"},
    {"train.optimizer.betas=0.9", "optimizer.betas must be two numbers, not 1",
     "train.optimizer.betas=[0.9, 0.9]"},
    {"model.gan.train.generator.betas=[]", "generator.betas must be two numbers, not 0", ""},
    {"model.gan.train.critic.betas=[0, 0, 0]", "critic.betas must be two numbers, not 3", ""},
    {"model.gan.train.optimizer.learning_rate=1", "a GAN has two optimizers",
     "train.optimizer.learning_rate=1"},
    {"train.schedule.type=plateau", "model.gan is a GAN and has no validation loss for a plateau schedule",
     "train.schedule.type=plateau|model.gan.train.schedule.type=none"},
    {"train.early_stopping.patience=3", "model.gan is a GAN and has no validation loss to stop early by",
     "model.vae.train.early_stopping.patience=3"},
    {"model.gan.train.early_stopping.patience=3", "set model.gan.train.monitor to energy_distance",
     "train.early_stopping.patience=3|train.monitor=energy_distance"},
    {"model.ae.train.monitor=energy_distance", "an autoencoder generates none",
     "train.monitor=energy_distance"},
    {"split.validation=0|train.monitor=energy_distance",
     "train.monitor energy_distance of model.vae needs validation cells", "train.monitor=energy_distance"},
    {"model.ae.train.schedule={type: plateau, warmup_steps: 3}", "not plateau",
     "model.ae.train.schedule={type: cosine, warmup_steps: 3}"},
    {"model.ae.train.schedule={type: cosine, min_learning_rate: 1}", "nothing could fall",
     "model.ae.train.schedule={type: cosine, min_learning_rate: 1e-6}"},
    {"model.gan.loss=wgan", "gradient_penalty.on is probability, but the loss wgan has none",
     "model.gan.loss=wgan|model.gan.gradient_penalty.on=logit"},
    {"model.gan.loss=hinge", "the loss hinge has none",
     "model.gan.loss=hinge|model.gan.gradient_penalty.weight=0"},
    {"model.gan.sparsity.term=zero_share", "is about the gates of a hurdle, and model.gan.output is identity",
     "model.gan.sparsity.term=zero_share|model.gan.output=hurdle"},
    {"model.gan.library=output", "model.gan.output identity makes negative values",
     "model.gan.library=output|model.gan.output=softplus"},
    {"model.gan.output=hurdle|normalize.standardize=true", "model.gan.output hurdle is never negative",
     "model.gan.output=hurdle"},
    {"model.gan.library=input|normalize.standardize=true",
     "model.gan.library works on values that are not standardized", "model.gan.library=input"},
    {"model.gan.library=input|normalize.log1p=false", "model.gan.library takes values as log1p of counts",
     "model.gan.library=input|normalize=none"},
    {"model.gan.label_smoothing=1", "the same label", "model.gan.label_smoothing=0"},
    {"~model.ae|~model.vae|evaluate.weights=best|split.validation=0",
     "evaluate.weights best needs a validation loss", "~model.ae|~model.vae|evaluate.weights=best"},
    {"model.vae.kl.warmup_unit=epoch|train.epochs=1|evaluate.weights=best", "model.vae has none in 1 epochs",
     "model.vae.kl.warmup_unit=epoch|train.epochs=2|evaluate.weights=best"},
    {"evaluate.metrics=[all, mse]", "'all' cannot stand beside other metrics", "evaluate.metrics=[mse]"},
    {"split.validation=0|evaluate.weights=best", "evaluate.weights best needs a validation loss", ""},
    {"split.validation=0|evaluate.components_of=validation",
     "evaluate.components_of validation needs validation cells", "split.validation=0"},
    {"split.validation=0|model.ae.train.schedule.type=plateau",
     "plateau schedule of model.ae needs a validation loss",
     "split.validation=0|model.ae.train.schedule.type=cosine"},
    {"split.validation=0|model.vae.train.early_stopping.patience=2",
     "early stopping of model.vae needs a validation loss", ""},
};

class Combinations : public ConfigTest, public testing::WithParamInterface<Combination> {};

TEST_P(Combinations, AreRefusedBeforeDataAreRead) {
  const std::string file =
      "read: {path: x}\n"
      "model: {ae: {type: autoencoder}, vae: {type: vae}, gan: {type: gan}}\n"
      "train: {epochs: 20}\n";
  const std::vector<std::string> refused = errors(file, split_overrides(GetParam().refused));
  EXPECT_THAT(refused, testing::Contains(testing::HasSubstr(GetParam().sentence)));
  EXPECT_THAT(errors(file, split_overrides(GetParam().accepted)), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Each, Combinations, testing::ValuesIn(combinations));

TEST_F(Combinations, AreReportedWhereTheyWereWritten) {
  EXPECT_THAT(errors("read: {path: x}\nmodel:\n  v: {type: vae, kl: {warmup: 1}}\n  g: {type: gan}\n"
                     "train:\n  schedule: {type: plateau}\n"),
              testing::ElementsAre(testing::StartsWith("e.yaml:3:23: model.v.kl.warmup is 1"),
                                   testing::StartsWith("e.yaml:6:14: model.g is a GAN")));
}

TEST_F(Combinations, ComeWithTheOtherErrorsOfTheFile) {
  EXPECT_THAT(
      errors(
          "read: {path: x}\nseed: x\nmodel: {v: {type: vae, kl: {warmup: 1}}, w: {type: vae, latent: 0}}\n"),
      testing::ElementsAre(testing::HasSubstr("seed must be an integer"),
                           testing::HasSubstr("model.v.kl.warmup"),
                           testing::HasSubstr("model.w.latent must be at least 1")));
}

TEST_F(Combinations, ASectionWithAWrongValueIsNotJudgedByItsDefaults) {
  EXPECT_THAT(errors("read: {path: x}\nmodel: {v: {type: vae, hidden: [3, x, 4], dropout: [0, 0, 0]}}\n"),
              testing::ElementsAre(testing::HasSubstr("model.v.hidden must be an integer")));
}

/// Overrides that load without effect, those that give the key one, and the key.
struct Pointless {
  std::string overrides, effective, key;
};

const Pointless pointless[] = {
    {"model.gan.gate_temperature=0.3", "model.gan.output=hurdle", "model.gan.gate_temperature"},
    {"model.gan.label_smoothing=0.2|model.gan.loss=wgan|model.gan.gradient_penalty.weight=0",
     "model.gan.loss=bce", "model.gan.label_smoothing"},
    {"model.gan.spectral_iterations=per_step|model.gan.spectral_norm=false", "model.gan.spectral_norm=true",
     "model.gan.spectral_iterations"},
    {"model.gan.gradient_penalty={weight: 0, target: 2}", "model.gan.gradient_penalty.weight=1",
     "model.gan.gradient_penalty.target"},
    {"model.gan.gradient_penalty={weight: 0, on: logit}", "model.gan.gradient_penalty.weight=1",
     "model.gan.gradient_penalty.on"},
    {"model.ae.input.deviation_floor=0.2", "model.ae.input.standardize=true",
     "model.ae.input.deviation_floor"},
    {"model.ae.condition=perturbation|model.ae.conditioning.components=3",
     "model.ae.conditioning.embedding=loadings", "model.ae.conditioning.components"},
    {"model.gan.condition=perturbation|model.gan.conditioning.components=3",
     "model.gan.conditioning.embedding=loadings", "model.gan.conditioning.components"},
    {"model.vae.slope=0.1", "model.vae.activation=leaky_relu", "model.vae.slope"},
    {"model.gan.critic={activation: relu, slope: 0.1}", "model.gan.critic.activation=leaky_relu",
     "model.gan.critic.slope"},
    {"train={steps: 300, epochs: 7}", "train.steps=0", "train.epochs"},
    {"train.steps=300|model.vae.train.epochs=7", "model.vae.train.steps=0", "model.vae.train.epochs"},
    {"model.vae.kl={weight: 0, free_bits: 0.5}", "model.vae.kl.weight=0.5", "model.vae.kl.free_bits"},
};

class PointlessKeys : public ConfigTest, public testing::WithParamInterface<Pointless> {};

TEST_P(PointlessKeys, AreWarnedOfWhereTheyWereSetAndHaveNoEffect) {
  write("e.yaml", "read: {path: x}\nmodel: {ae: {type: autoencoder}, vae: {type: vae}, gan: {type: gan}}\n");
  const auto warnings = [](std::vector<std::string> overrides) {
    std::vector<std::string> found;
    load_experiment("e.yaml", overrides, {.warnings = &found});
    return found;
  };
  std::vector<std::string> overrides = split_overrides(GetParam().overrides);
  EXPECT_THAT(warnings(overrides),
              testing::ElementsAre(testing::StartsWith(GetParam().key + " has no effect: ")));
  overrides.push_back(GetParam().effective);
  EXPECT_THAT(warnings(overrides), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Each, PointlessKeys, testing::ValuesIn(pointless));

TEST_F(PointlessKeys, AGanHasNoBestWeightsUnlessItsTrainingIsMonitored) {
  write("e.yaml",
        "read: {path: x}\nevaluate: {weights: best}\nmodel: {ae: {type: autoencoder}, gan: {type: gan}}\n");
  std::vector<std::string> found;
  load_experiment("e.yaml", {}, {.warnings = &found});
  EXPECT_THAT(found, testing::ElementsAre(
                         testing::StartsWith("evaluate.weights best has no effect on model.gan")));
  found.clear();
  load_experiment("e.yaml", {"train.monitor=energy_distance"}, {.warnings = &found});
  EXPECT_THAT(found, testing::IsEmpty());
}

using KlWeight = ConfigTest;

TEST_F(KlWeight, OfOneIsSaidNotToBeTheElboWhereTheLossHasMeans) {
  write("e.yaml", "read: {path: x}\nmodel: {v: {type: vae}}\n");
  const auto warnings = [](const std::vector<std::string>& overrides) {
    std::vector<std::string> found;
    load_experiment("e.yaml", overrides, {.warnings = &found});
    return found;
  };
  EXPECT_THAT(
      warnings({"model.v.kl.weight=1"}),
      testing::ElementsAre("model.v.kl.weight 1 is not that of an ELBO: model.v.reduction is mean and "
                           "model.v.kl.reduction is mean, and it takes sums in both"));
  EXPECT_THAT(
      warnings({"model.v.kl={weight: 1, reduction: sum}"}),
      testing::ElementsAre(testing::HasSubstr("model.v.reduction is mean and model.v.kl.reduction is sum")));
  EXPECT_THAT(warnings({"model.v.kl={weight: 1, reduction: sum}", "model.v.reduction=sum"}),
              testing::IsEmpty());
  EXPECT_THAT(warnings({"model.v.kl.weight=0.1"}), testing::IsEmpty());
  EXPECT_THAT(warnings({}), testing::IsEmpty());
}

TEST_F(PointlessKeys, DefaultsAreNoOnesChoice) {
  write("e.yaml",
        "read: {path: x}\nmodel: {gan: {type: gan, spectral_norm: false, loss: wgan, "
        "gradient_penalty: {weight: 0, target: 1}, critic: {activation: relu}}}\n");
  std::vector<std::string> found;
  load_experiment("e.yaml", {"model.gan.label_smoothing=0"}, {.warnings = &found});
  EXPECT_THAT(found, testing::IsEmpty());
}

}  // namespace
}  // namespace sparcell
