// The resolved file: every value survives, and other readers of YAML see the same values.
#include <algorithm>
#include <limits>
#include <map>

#include "config/canonical.h"
#include "config/compose.h"
#include "config/config_support.h"
#include "config/parse.h"
#include "config/reader.h"
#include "config/yaml_text.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;

const std::string hostile = "true: \"x\" #\\ ${seed} $${a}\n\t\x01 é";

/// Visitor that gives every option another valid value.
class Changer {
 public:
  template <class T>
  void field(std::string_view, T& value, std::string_view) {
    change(value, any_number);
  }
  template <class T>
  void field(std::string_view, T& value, const Bounds& bounds, std::string_view) {
    change(value, bounds);
  }
  template <class Section>
  void section(std::string_view, Section& options, std::string_view) {
    describe(*this, options);
  }
  void map(std::string_view, std::vector<std::pair<std::string, std::vector<std::string>>>& map,
           std::string_view) {
    map = {{"on", {"off"}}, {"true", {}}, {hostile, {"a", hostile}}};  // as a reader orders them
  }
  void word(std::string_view, WordOrNumber& value, std::initializer_list<std::string_view>, const Bounds&,
            std::string_view) {
    value = {.word = "", .number = 1.0 / 3};
  }
  void shorthand(std::string_view, bool&, bool, std::string_view) {}
  void models(std::string_view, ModelSet& models, TrainOptions&, std::string_view) {
    for (const ModelType type : {ModelType::gan, ModelType::autoencoder, ModelType::vae}) {
      ModelOptions& model = models.emplace_back("m-" + name_of(type), ModelOptions{}).second;
      model.type = type;
      describe(*this, model);
      describe_own_train(*this, model);
    }
  }

 private:
  void change(bool& value, const Bounds&) { value = !value; }
  void change(std::int64_t& value, const Bounds& bounds) {
    const std::int64_t more = std::isfinite(bounds.high) ? 1'007 : 1'000'000'007;
    value = std::min(value + more, static_cast<std::int64_t>(std::min(bounds.high, 2e9)));
  }
  void change(double& value, const Bounds& bounds) {
    value = std::isfinite(bounds.high) ? value / 3 + 0.07 : value * 3 + 1e-7;
  }
  void change(std::string& value, const Bounds&) { value = hostile; }
  void change(ModelType&, const Bounds&) {}
  template <NamedEnum Enum>
  void change(Enum& value, const Bounds&) {
    value = static_cast<Enum>((static_cast<int>(value) + 1) % std::size(Names<Enum>::values));
  }
  void change(std::optional<std::int64_t>& value, const Bounds& bounds) {
    value = static_cast<std::int64_t>(std::min(77.0, bounds.high));
  }
  template <class T>
  void change(std::vector<T>& list, const Bounds& bounds) {
    list.emplace_back();
    for (T& item : list) change(item, bounds);
  }
};

/// The options of a resolved file, without the checks of combinations.
Experiment read_back(const std::string& yaml) {
  config::Problems problems;
  config::Node root = config::parse_yaml(yaml, {"resolved", 1, 1}, problems).value();
  config::interpolate(root, problems);
  Experiment experiment;
  PlanOptions of_sweeps;
  config::read_experiment(root, experiment, of_sweeps, problems);
  problems.throw_any();
  return experiment;
}

using Resolved = ConfigTest;
using Hash = ConfigTest;

TEST_F(Resolved, EveryOptionSurvives) {
  Experiment changed;
  Changer changer;
  describe(changer, changed);
  for (auto& [name, model] : changed.model)
    model.train.optimizer = changed.train.optimizer;  // GANs have none of their own
  const std::string yaml = resolved_yaml(changed);
  EXPECT_EQ(values_of(read_back(yaml)), values_of(changed)) << yaml;
  EXPECT_EQ(resolved_yaml(read_back(yaml)), yaml);

  std::map<std::string, std::string> defaults;
  Experiment initial;
  for (const ModelType type : {ModelType::gan, ModelType::autoencoder, ModelType::vae}) {
    initial.model.emplace_back("m-" + name_of(type), ModelOptions{}).second.type = type;
  }
  for (const auto& [path, value] : values_of(initial)) defaults[path] = value;
  for (const auto& [path, value] : values_of(changed)) {
    if (path.ends_with(".type") && !path.ends_with("optimizer.type")) continue;
    if (path == "normalize.none") continue;
    EXPECT_NE(value, defaults[path]) << path << " was not changed, so this test does not prove it";
  }
}

TEST_F(Resolved, AWordForASectionSurvives) {
  const Experiment e = load(minimal("normalize: none"));
  EXPECT_THAT(resolved_yaml(e), HasSubstr("\nnormalize: none\n"));
  EXPECT_FALSE(load(resolved_yaml(e)).normalize.enabled);
}

TEST_F(Resolved, LoadingItAgainGivesTheSameExperimentAndHash) {
  const Experiment e = load(
      "read: {path: x}\n"
      "seed: 4\n"
      "train: {epochs: 8}\n"
      "model: {gan: {type: gan, train: {epochs: 9}}, ae: {type: autoencoder, train: {schedule: {type: plateau}}}}\n");
  const std::string yaml = resolved_yaml(e);
  const Experiment again = load(yaml);
  EXPECT_EQ(values_of(again), values_of(e));
  EXPECT_EQ(resolved_yaml(again), yaml);
  EXPECT_EQ(config_hash(again, "d"), config_hash(e, "d"));
}

TEST_F(Resolved, AnOverrideOfTrainStillMovesModelsThatHaveNoValueOfTheirOwn) {
  const Experiment e = load(
      "read: {path: x}\ntrain: {epochs: 8}\nmodel: {a: {type: vae, train: {batch: 3}}, b: {type: vae}}\n");
  const Experiment again = load(resolved_yaml(e), {"train.epochs=5", "train.batch=7"});
  EXPECT_EQ(again.model[0].second.train.epochs, 5);
  EXPECT_EQ(again.model[0].second.train.batch, 3);
  EXPECT_EQ(again.model[1].second.train.batch, 7);
}

TEST(YamlText, DoublesAreTheShortestTextThatEveryReaderTakesForANumber) {
  const auto text = [](double value) { return config::yaml_text(Json(value)); };
  EXPECT_EQ(text(0.1), "0.1\n");
  EXPECT_EQ(text(1), "1.0\n");
  EXPECT_EQ(text(1e-5), "1.0e-05\n");
  EXPECT_EQ(text(1.5e300), "1.5e+300\n");
  EXPECT_EQ(text(0.1 + 0.2), "0.30000000000000004\n");
  EXPECT_EQ(text(1e16), "1.0e+16\n");
}

TEST(YamlText, StringsThatLookLikeSomethingElseAreQuoted) {
  const auto text = [](const char* value) { return config::yaml_text(Json(value)); };
  for (const char* quoted :
       {"",   "true", "Yes", "off", "null", "n",  "007", "1e3", "0x1", ".inf", "-",  "~", "a b",
        "a:", "1:30", "a#",  "[x]", "*",    "&a", "!t",  "%",   "@",   "é",    "-5", "+1"}) {
    EXPECT_EQ(text(quoted), '"' + std::string(quoted) + "\"\n");
  }
  for (const char* plain : {"f32", "/data/x-1.h5ad", "layers/counts", "seurat_v3", "nothing", "e5"}) {
    EXPECT_EQ(text(plain), std::string(plain) + "\n");
  }
  EXPECT_EQ(text("a\"\\\n\x7f"), "\"a\\\"\\\\\\x0a\\x7f\"\n");
  EXPECT_EQ(text("${x} $${y}"), "\"$${x} $$${y}\"\n");
}

TEST_F(Hash, CountsWhatChangesTheResultAndNothingElse) {
  const std::string text =
      "read: {path: x}\ntrain: {epochs: 8}\nmodel: {a: {type: vae, latent: 3}, g: {type: gan}}\nthreads: 2\n";
  const std::string hash = config_hash(load(text), "data");
  EXPECT_THAT(hash, testing::MatchesRegex("[0-9a-f]{64}"));
  for (const char* same :
       {"name=other", "tags=[x]", "report.html=false", "read.path=elsewhere", "model.a.train.epochs=8",
        "seed=0", "device=auto", "split.seed=0", "model.a.kl.weight=0.1", "train.graph=off",
        "train.branches=false", "products.plan=heuristic", "evaluate.components_of=train", "evaluate.as_counts=standardized",
        "evaluate.generated_per_test_cell=1", "model.a.rates=exp", "read.fractional_counts=false"}) {
    EXPECT_EQ(config_hash(load(text, {same}), "data"), hash) << same;
  }
  for (const char* other :
       {"seed=1", "threads=3", "device=cpu", "train.epochs=9", "model.a.train.epochs=9", "model.a.latent=4",
        "split.seed=1", "~model.g", "model.b={type: vae}", "evaluate.weights=best",
        "evaluate.components_of=validation", "evaluate.as_counts=always", "evaluate.generated_per_test_cell=2",
        "model.a.likelihood=nb",
        "normalize=none", "read.counts=X", "precision=bf16",
        "train.optimizer.learning_rate=0.0010000000000000002"}) {
    EXPECT_NE(config_hash(load(text, {other}), "data"), hash) << other;
  }
  const std::string of_counts = "model.a.likelihood=nb";
  EXPECT_NE(config_hash(load(text, {of_counts, "model.a.rates=softmax"}), "data"), config_hash(load(text, {of_counts}), "data"));
  EXPECT_NE(config_hash(load(text), "other data"), hash);
  EXPECT_NE(config_hash(load(text, {"read.counts=X"}), "data"),
            config_hash(load(text, {"read.counts=X", "read.fractional_counts=true"}), "data"));
  const std::string reversed =
      "threads: 2\nmodel: {g: {type: gan}, a: {latent: 3, type: vae}}\ntrain: {epochs: 8}\nread: {path: x}\n";
  EXPECT_NE(config_hash(load(reversed), "data"), hash) << "the order of models counts";
  EXPECT_EQ(config_hash(load(text), "data"), config_hash(load(text), "data"));
}

TEST_F(Hash, OfALineageLeavesOutWhatMayChangeOnTheWay) {
  const std::string text = minimal("train: {steps: 8}\n");
  const std::string hash = lineage_hash(load(text), "data");
  for (const char* same : {"train.steps=9", "train.steps=0", "train.epochs=9", "model.ae.train.steps=9",
                           "train.early_stopping.patience=3", "train.checkpoint.every.epochs=4", "device=cpu",
                           "evaluate.weights=best", "threads=3"}) {
    EXPECT_EQ(lineage_hash(load(text, {same}), "data"), hash) << same;
  }
  EXPECT_NE(lineage_hash(load(text, {"train.batch=9"}), "data"), hash);
}

TEST_F(Hash, FilesCountByTheirContent) {
  const std::string text = minimal("select: {flavor: list, file: genes.txt}");
  EXPECT_THROW(config_hash(load(text), "data"), DataError);
  write("genes.txt", "KLF1\n");
  const std::string hash = config_hash(load(text), "data");
  write("copy.txt", "KLF1\n");
  EXPECT_EQ(config_hash(load(text, {"select.file=copy.txt"}), "data"), hash);
  write("genes.txt", "GATA1\n");
  EXPECT_NE(config_hash(load(text), "data"), hash);

  const auto annotated_by = [&](const std::string& table) {
    return config_hash(load(minimal(), {"read.annotations=" + table}), "data");
  };
  EXPECT_THROW(annotated_by("cells.csv"), DataError);
  write("cells.csv", "cell,condition\nc0,ctrl\n");
  const std::string annotated = annotated_by("cells.csv");
  EXPECT_NE(annotated, config_hash(load(minimal()), "data"));
  write("copy.csv", "cell,condition\nc0,ctrl\n");
  EXPECT_EQ(annotated_by("copy.csv"), annotated);
  write("cells.csv", "cell,condition\nc0,A\n");
  EXPECT_NE(annotated_by("cells.csv"), annotated);

  const std::string planned = minimal("products: {plan: plan.json}");
  EXPECT_THROW(config_hash(load(planned), "data"), UsageError);
  write("plan.json", "of one library");
  const std::string planned_hash = config_hash(load(planned), "data");
  EXPECT_NE(planned_hash, config_hash(load(planned, {"products.plan=heuristic"}), "data"));
  EXPECT_EQ(lineage_hash(load(planned), "data"),
            lineage_hash(load(planned, {"products.plan=heuristic"}), "data"));
  write("plan.json", "of another");
  EXPECT_NE(config_hash(load(planned), "data"), planned_hash);
}

TEST(CanonicalText, IsWhatTheJsonLibraryWritesOfSortedKeys) {
  nlohmann::ordered_json tree = nlohmann::ordered_json::parse(
      R"({"z": [1, -2, [], {}], "a": {"y\n": "q\"\\", "x": "\u00e9"}, "e": "", "t": true, "f": false, "n": null,
          "big": 18446744073709551615, "ab": 9007199254740993})");
  for (const double number : {0.1, 1e-5, -0.0, 1e300, 5e-324, 128.0, 1.0 / 3, 123456789012345680.0,
                              std::numeric_limits<double>::quiet_NaN()})
    tree["numbers"].push_back(number);
  EXPECT_EQ(config::canonical_text(tree), nlohmann::json(tree).dump());
}

}  // namespace
}  // namespace sparcell
