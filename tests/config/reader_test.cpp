// Types, bounds, unknown keys and models: what a file says becomes options, and everything that is wrong is
// said at once.
#include "config/config_support.h"

namespace sparcell {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Reader = ConfigTest;
using Models = ConfigTest;

TEST_F(Reader, TheFileOfThePlanLoads) {
  setenv("DATA", "/d", 1);
  const Experiment e = load(R"(
name: norman_compare
seed: 0
threads: 2
device: auto
read:      {path: "${env:DATA}/norman.h5ad", counts: layers/counts, perturbation: {preset: gears}}
filter:    {perturbations: single, min_cells_per_perturbation: 50}
split:     {by: cell, train: 0.7, validation: 0.15, test: 0.15}
normalize: {target_sum: median, log1p: true}
select:    {flavor: variance, genes: 1000, fit_on: train}
model:
  ae:  {type: autoencoder, hidden: [256, 128], latent: 64, dropout: [0.2, 0.1]}
  vae: {type: vae, kl: {weight: 0.1, warmup: 0.5, warmup_unit: epoch}}
  gan: {type: gan, gradient_penalty: {weight: 0.1}, spectral_norm: true, sparsity: {weight: 0.01},
        train: {generator: {learning_rate: 2.0e-4, betas: [0.5, 0.999]}, critic: {learning_rate: 3.0e-4}}}
train:     {epochs: 100, batch: 128, optimizer: {type: adam, learning_rate: 1.0e-3, weight_decay: 1.0e-5}}
evaluate:  {metrics: all, weights: last}
report:    {html: true}
)");
  EXPECT_EQ(e.name, "norman_compare");
  EXPECT_EQ(e.threads, 2);
  EXPECT_EQ(e.read.path, "/d/norman.h5ad");
  EXPECT_EQ(e.read.counts, "layers/counts");
  EXPECT_EQ(e.read.perturbation.preset, LabelPreset::gears);
  EXPECT_THAT(e.filter.perturbations, ElementsAre("single"));
  EXPECT_EQ(e.filter.min_cells_per_perturbation, 50);
  EXPECT_EQ(e.normalize.target_sum.word, "median");
  ASSERT_EQ(e.model.size(), 3u);
  EXPECT_THAT(e.model[0].second.network.hidden, ElementsAre(256, 128));
  EXPECT_EQ(e.model[1].second.kl.warmup_unit, WarmupUnit::epoch);
  EXPECT_EQ(e.model[1].second.train.optimizer.weight_decay, 1e-5);
  const TrainOptions& gan = e.model[2].second.train;
  EXPECT_EQ(gan.epochs, 100);
  EXPECT_EQ(gan.generator.learning_rate, 2e-4);
  EXPECT_EQ(gan.critic.learning_rate, 3e-4);
  EXPECT_THAT(gan.critic.betas, ElementsAre(0.5, 0.999));
  EXPECT_EQ(gan.critic.weight_decay, 1e-5);
}

TEST_F(Reader, AbsentKeysKeepTheirDefaults) {
  const Experiment e = load(minimal("filter:\nsplit: {}\n"));
  EXPECT_EQ(e.seed, 0);
  EXPECT_GE(e.threads, 1) << "0 is resolved";
  EXPECT_EQ(e.split.seed, 0) << "the experiment's";
  EXPECT_EQ(load(minimal("seed: 9")).split.seed, 9);
  EXPECT_EQ(load(minimal("seed: 9\nsplit: {seed: ~}")).split.seed, 9);
  EXPECT_EQ(load(minimal("seed: 9\nsplit: {seed: 8}")).split.seed, 8);
  EXPECT_EQ(load(minimal("threads: 3")).threads, 3);
}

TEST_F(Reader, EverythingWrongIsReportedAtOnceInTheOrderOfTheFile) {
  EXPECT_THAT(
      errors("seed: -1\n"
             "trian: {epochs: 3}\n"
             "read: {path: a.h5ad, preset: gears}\n"
             "filter: {max_mitochondrial: 1.5, obs: {x: [a, [b]]}}\n"
             "split: {by: cel, stratify: 1}\n"
             "select: {genes: ten, flavor: ~}\n"
             "model: {ae: {type: autoencoder, kl: {weight: 1}, dropout: 1}}\n"
             "train: [adam]\n"),
      ElementsAre(
          "e.yaml:1:7: seed must be at least 0, not '-1'",
          "e.yaml:2:1: unknown key 'trian'; did you mean 'train'?",
          "e.yaml:3:22: unknown key 'preset' in read; it is a key of read.perturbation",
          "e.yaml:4:29: filter.max_mitochondrial must be at least 0 and at most 1, not '1.5'",
          "e.yaml:4:47: filter.obs.x must be text, not a list",
          "e.yaml:5:13: split.by must be one of cell, perturbation, column, file, not 'cel'; did you mean "
          "'cell'?",
          "e.yaml:5:28: split.stratify must be true or false, not '1'",
          "e.yaml:6:17: select.genes must be an integer, not 'ten'",
          "e.yaml:6:30: select.flavor must be one of variance, seurat, cell_ranger, seurat_v3, list, all, "
          "but has no value (leave the key out for its default)",
          "e.yaml:7:33: unknown key 'kl' in model.ae; it is a key of model.NAME (type: vae)",
          "e.yaml:7:59: model.ae.dropout must be at least 0 and below 1, not '1'",
          "e.yaml:8:8: train must be a mapping, not a list"));
}

TEST_F(Reader, HintsForUnknownKeys) {
  const auto hint = [this](const std::string& text) {
    const std::vector<std::string> lines = errors(minimal(text));
    return lines.empty() ? "" : lines[0].substr(lines[0].find("; ") + 2);
  };
  EXPECT_EQ(hint("train: {epoch: 3}"), "did you mean 'epochs'?");
  EXPECT_EQ(hint("train: {batch_size: 3}"), "did you mean 'batch'?");
  EXPECT_EQ(hint("split: {tarin: 0.5}"), "did you mean 'train'?");
  EXPECT_EQ(hint("epochs: 3"), "it is a key of train, train.checkpoint.every");
  EXPECT_EQ(hint("train: {learning_rate: 3}"),
            "it is a key of train.optimizer, model.NAME.train.generator (type: gan), model.NAME.train.critic "
            "(type: gan)");
  EXPECT_THAT(hint("report: {colour: red}"), HasSubstr("the keys here are html, max_points"));
}

TEST_F(Reader, BoundsAreKeptOpenOrClosedForEveryElement) {
  EXPECT_THAT(errors(minimal("split: {train: 1, validation: 0, test: 1.0000001}")),
              ElementsAre(HasSubstr("split.test must be at least 0 and at most 1")));
  EXPECT_THAT(
      errors(minimal("train: {optimizer: {learning_rate: 0, betas: [0.5, 1]}, schedule: {factor: 1}}")),
      ElementsAre("e.yaml:3:36: train.optimizer.learning_rate must be above 0, not '0'",
                  "e.yaml:3:52: train.optimizer.betas must be at least 0 and below 1, not '1'",
                  "e.yaml:3:76: train.schedule.factor must be above 0 and below 1, not '1'"));
  EXPECT_THAT(errors(minimal("normalize: {target_sum: 0}")),
              ElementsAre("e.yaml:3:25: normalize.target_sum must be above 0, not '0'"));
  EXPECT_THAT(errors(minimal("normalize: {target_sum: mean}")),
              ElementsAre("e.yaml:3:25: normalize.target_sum must be median or a number, not 'mean'"));
}

TEST_F(Reader, NumbersThatNoMachineServesAreOutOfBounds) {
  for (const auto& [key, most] : {std::pair<std::string, std::string>{"threads", "4096"},
                                  {"train.epochs", "1000000000"},
                                  {"train.steps", "1000000000"},
                                  {"train.batch", "1000000000"},
                                  {"model.ae.hidden", "100000000"},
                                  {"model.ae.latent", "100000000"},
                                  {"model.ae.conditioning.rank", "100000000"}}) {
    for (const char* value :
         {"4294967297", "9223372036854775807", "9223372036854775808", "100000000000000000000"}) {
      EXPECT_THAT(errors(minimal(), {key + "=" + value, "model.ae.dropout=0.1"}),
                  ElementsAre(AllOf(HasSubstr(key + " must be at least "),
                                    HasSubstr(" and at most " + most + ", not '" + value + "'"))));
    }
  }
  EXPECT_THAT(errors(minimal(), {"seed=9223372036854775808"}),
              ElementsAre(HasSubstr("seed must be at most 9223372036854775807, not '9223372036854775808'")));
  EXPECT_THAT(errors(minimal(), {"seed=-9223372036854775809"}),
              ElementsAre(HasSubstr("seed must be at least 0, not")));
  EXPECT_THAT(
      errors(minimal(), {"train.optimizer.learning_rate=1e999"}),
      ElementsAre(HasSubstr("learning_rate must be a number in the range of 64-bit floats, not '1e999'")));
  EXPECT_EQ(load(minimal("seed: 9223372036854775807")).seed, 9223372036854775807);
  EXPECT_EQ(load(minimal("threads: 4096")).threads, 4096);
  EXPECT_THAT(errors(minimal(), {"threads=4097"}), testing::SizeIs(1));
  EXPECT_EQ(config_schema()["properties"]["threads"]["maximum"], 4096);
  EXPECT_EQ(config_schema()["$defs"]["vae"]["properties"]["latent"]["maximum"], 100000000);
}

TEST_F(Reader, AScalarIsAListOfOne) {
  const Experiment e = load(
      "read: {path: x, perturbation: {controls: NegCtrl*}}\ntags: one\nfilter: {perturbations: KLF1, obs: "
      "{a: b, c: [d, e]}}\n"
      "model: {m: {type: vae, hidden: 32, dropout: 0.5}}\n");
  EXPECT_THAT(e.tags, ElementsAre("one"));
  EXPECT_THAT(e.read.perturbation.controls, ElementsAre("NegCtrl*"));
  EXPECT_THAT(e.filter.perturbations, ElementsAre("KLF1"));
  EXPECT_THAT(e.filter.obs,
              ElementsAre(testing::Pair("a", ElementsAre("b")), testing::Pair("c", ElementsAre("d", "e"))));
  EXPECT_THAT(e.model[0].second.network.hidden, ElementsAre(32));
  EXPECT_THAT(e.model[0].second.network.dropout, ElementsAre(0.5));
}

TEST_F(Reader, DropoutThatIsNotGivenFitsTheHiddenLayers) {
  const auto dropout = [this](const std::string& model) {
    return load("read: {path: x}\nmodel: {m: " + model + "}\n").model[0].second;
  };
  EXPECT_THAT(dropout("{type: vae}").network.dropout, ElementsAre(0.2, 0.1));
  EXPECT_THAT(dropout("{type: vae, hidden: [64]}").network.dropout, ElementsAre(0.2));
  EXPECT_THAT(dropout("{type: autoencoder, hidden: [64, 32, 16, 8]}").network.dropout,
              ElementsAre(0.2, 0.1, 0.1, 0.1));
  EXPECT_THAT(dropout("{type: autoencoder, hidden: []}").network.dropout, ElementsAre());
  EXPECT_THAT(dropout("{type: autoencoder, hidden: [64, 32, 16], dropout: 0.3}").network.dropout,
              ElementsAre(0.3));
  const GanOptions gan =
      dropout("{type: gan, generator: {hidden: [8, 8]}, critic: {hidden: [8, 8, 8, 8]}}").gan;
  EXPECT_THAT(gan.generator.dropout, ElementsAre(0.1, 0.1));
  EXPECT_THAT(gan.critic.dropout, ElementsAre(0.3, 0.3, 0.2, 0.2));
  // What is resolved is a file that says the same.
  const std::string text =
      resolved_yaml(load("read: {path: x}\nmodel: {m: {type: vae, hidden: [4, 4, 4]}}\n"));
  EXPECT_THAT(text, testing::HasSubstr("dropout: [0.2, 0.1, 0.1]"));
}

TEST_F(Reader, AWordMayStandForASection) {
  EXPECT_FALSE(load(minimal("normalize: none")).normalize.enabled);
  EXPECT_TRUE(load(minimal("normalize: {log1p: false}")).normalize.enabled);
  EXPECT_FALSE(load(minimal("normalize: {log1p: false}"), {"normalize=none"}).normalize.enabled);
  EXPECT_EQ(load(minimal("normalize: {target_sum: 1e4}")).normalize.target_sum.number, 1e4);
  EXPECT_THAT(errors(minimal("normalize: off")),
              ElementsAre("e.yaml:3:12: normalize must be a mapping or none, not 'off'"));
  EXPECT_THAT(errors(minimal("split: none")), ElementsAre("e.yaml:3:8: split must be a mapping, not 'none'"));
}

TEST_F(Reader, SectionsForManyRunsAreChecked) {
  EXPECT_THAT(errors(minimal("sweep: {method: grit}\nablation: [b=c]\nslurm: {partitoin: gpu}\n")),
              ElementsAre(HasSubstr("e.yaml:3:17: sweep.method must be one of grid, random, halving"),
                          HasSubstr("e.yaml:4:11: ablation must be a map from names to lists of overrides"),
                          HasSubstr("e.yaml:5:9: unknown key 'partitoin' in slurm; did you mean 'partition'?")));
}

TEST_F(Models, TrainIsMergedKeyByKey) {
  const Experiment e = load(
      "read: {path: x}\n"
      "train: {epochs: 7, optimizer: {learning_rate: 0.5, betas: [0.1, 0.2]}, schedule: {type: cosine, "
      "warmup_steps: 5}}\n"
      "model:\n"
      "  a: {type: autoencoder, train: {batch: 3, optimizer: {betas: [0.3, 0.4]}}}\n"
      "  b: {type: vae}\n");
  const TrainOptions& a = e.model[0].second.train;
  EXPECT_EQ(a.epochs, 7);
  EXPECT_EQ(a.batch, 3);
  EXPECT_EQ(a.optimizer.learning_rate, 0.5);
  EXPECT_THAT(a.optimizer.betas, ElementsAre(0.3, 0.4));
  EXPECT_EQ(a.schedule.warmup_steps, 5);
  EXPECT_EQ(e.model[1].second.train.batch, 128);
  EXPECT_EQ(e.train.batch, 128);
}

TEST_F(Models, OnlyAGanHasGeneratorAndCriticOptimizers) {
  const std::string keys = "generator: {learning_rate: 0.1}, critic: {learning_rate: 0.1}";
  EXPECT_THAT(errors("read: {path: x}\nmodel: {m: {type: gan, train: {" + keys + "}}}"), IsEmpty());
  EXPECT_THAT(
      errors("read: {path: x}\nmodel: {m: {type: vae, train: {" + keys + "}}}"),
      ElementsAre(HasSubstr("unknown key 'generator' in model.m.train"), HasSubstr("unknown key 'critic'")));
  EXPECT_THAT(
      errors(minimal("train: {" + keys + "}")),
      ElementsAre(HasSubstr("unknown key 'generator' in train"), HasSubstr("unknown key 'critic' in train")));
}

TEST_F(Models, WordsOfOtherTypesAreUnknown) {
  EXPECT_THAT(errors("read: {path: x}\nmodel: {m: {type: gan, hidden: 3}}"),
              ElementsAre(HasSubstr("unknown key 'hidden' in model.m")));
  EXPECT_THAT(errors("read: {path: x}\nmodel: {m: {type: vae, spectral_norm: true}}"),
              ElementsAre(HasSubstr("it is a key of model.NAME (type: gan)")));
}

TEST_F(Models, NamesAndTypesAreNeeded) {
  EXPECT_THAT(
      errors("read: {path: x}\nmodel: {a: {latent: 3}, b: {type: vea}, c d: {type: vae}, e: , f: [1]}"),
      ElementsAre(
          "e.yaml:2:12: model.a needs a type: autoencoder, vae, gan",
          "e.yaml:2:35: model.b.type must be one of autoencoder, vae, gan, not 'vea'; did you mean 'vae'?",
          HasSubstr("the model name 'c d' must be letters, digits, _ and -"),
          HasSubstr("model.e needs a type"), HasSubstr("model.f must be a model (a mapping with a type)")));
  EXPECT_THAT(errors("read: {path: x}\nmodel: {vae: {type: vae}, vea: {latent: 3}}"),
              ElementsAre("e.yaml:2:32: model.vea needs a type: autoencoder, vae, gan; did you mean 'vae'?"));
  EXPECT_THAT(errors("read: {path: x}\n"), ElementsAre(HasSubstr("model is missing")));
  EXPECT_THAT(errors("read: {path: x}\nmodel: {}\n"), ElementsAre(HasSubstr("e.yaml:2:1: model is missing")));
  EXPECT_THAT(errors("read: {path: x}\nmodel: vae\n"),
              ElementsAre("e.yaml:2:8: model must be a map from names to models, not 'vae'"));
}

TEST_F(Models, KeepTheOrderOfTheFile) {
  const Experiment e =
      load("read: {path: x}\nmodel: {z: {type: vae}, a: {type: gan}, m: {type: autoencoder}}");
  EXPECT_EQ(e.model[0].first, "z");
  EXPECT_EQ(e.model[1].first, "a");
  EXPECT_EQ(e.model[2].first, "m");
}

TEST_F(Reader, OnlyARunNeedsAPath) {
  write("e.yaml", "model: {type: vae}\n");
  EXPECT_NO_THROW(load_experiment("e.yaml", {}, {.needs_path = false}));
  EXPECT_THAT(errors("model: {type: vae}\n"), ElementsAre(HasSubstr("read.path is not set")));
}

}  // namespace
}  // namespace sparcell
