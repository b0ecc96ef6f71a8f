// Schema and help follow the description of the options.
#include "config/config_support.h"

namespace sparcell {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

TEST(Schema, HasTypesBoundsDefaultsAndSentences) {
  const Json schema = config_schema();
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["additionalProperties"], false);
  const Json& properties = schema["properties"];
  const Json split = properties["split"]["properties"];
  EXPECT_EQ(split["train"], Json::parse(R"({"type": "number", "minimum": 0.0, "maximum": 1.0, "default": 0.7,
                                            "description": "Share of training cells (or perturbations)."})"));
  EXPECT_EQ(split["by"]["enum"], Json::parse(R"(["cell", "perturbation", "column", "file"])"));
  EXPECT_EQ(split["seed"]["type"], Json::parse(R"(["integer", "null"])"));
  EXPECT_EQ(properties["train"]["properties"]["optimizer"]["properties"]["learning_rate"]["exclusiveMinimum"],
            0.0);
  EXPECT_EQ(properties["normalize"]["oneOf"][0]["const"], "none");
  EXPECT_EQ(properties["normalize"]["oneOf"][1]["additionalProperties"], false);
  EXPECT_EQ(properties["tags"]["anyOf"][1]["items"]["type"], "string");
  EXPECT_EQ(properties["filter"]["properties"]["obs"]["type"], "object");
}

TEST(Schema, ModelsAreOneOfTheirTypes) {
  const Json schema = config_schema();
  const Json& defs = schema["$defs"];
  EXPECT_EQ(defs["model"]["oneOf"].size(), std::size(Names<ModelType>::values));
  for (const std::string_view type : Names<ModelType>::values) {
    const Json& model = defs[std::string(type)];
    EXPECT_EQ(model["properties"]["type"]["const"], type);
    EXPECT_EQ(model["required"], Json::parse(R"(["type"])"));
    EXPECT_EQ(model["additionalProperties"], false);
    const Json& train = model["properties"]["train"]["properties"];
    EXPECT_TRUE(train.contains("epochs"));
    EXPECT_FALSE(train["epochs"].contains("default")) << "it is the experiment's";
    EXPECT_EQ(train.contains("critic"), type == "gan");
    EXPECT_EQ(train.contains("optimizer"), type != "gan");
  }
  EXPECT_TRUE(defs["vae"]["properties"].contains("kl"));
  EXPECT_FALSE(defs["autoencoder"]["properties"].contains("kl"));
}

/// Calls visit(path, schema) for every described key of a schema.
template <class Visit>
void walk(const Json& schema, const std::string& path, const Visit& visit) {
  const Json& object = schema.contains("oneOf") ? schema["oneOf"].back() : schema;
  if (!object.contains("properties")) return;
  for (const auto& [key, property] : object["properties"].items()) {
    visit(path + key, property);
    walk(property, path + key + ".", visit);
  }
}

TEST(Schema, EveryKeyHasASentenceAndStandsInTheHelp) {
  const std::string help = option_help();
  int keys = 0;
  walk(config_schema(), "", [&](const std::string& path, const Json& property) {
    ++keys;
    EXPECT_THAT(property.value("description", ""), testing::EndsWith(".")) << path;
    EXPECT_THAT(help, HasSubstr(path + ": ")) << path;
  });
  EXPECT_GT(keys, 70);
}

TEST(Help, NamesTypesBoundsAndDefaults) {
  const std::string help = option_help();
  EXPECT_THAT(help, HasSubstr("  split.train: number at least 0 and at most 1, default 0.7\n"
                              "      Share of training cells (or perturbations).\n"));
  EXPECT_THAT(help, HasSubstr("  train.optimizer.type: adam | adamw, default adam\n"));
  EXPECT_THAT(help, HasSubstr("  model.NAME.kl.weight (type: vae): number at least 0, default 0.1\n"));
  EXPECT_THAT(help, HasSubstr("  model.NAME.critic_steps (type: gan): integer at least 1, default 5\n"));
  EXPECT_THAT(help, HasSubstr("  normalize.target_sum: median | number above 0, default median\n"));
  EXPECT_THAT(help, HasSubstr("\nnormalize: Station 4: library size, log1p, standardization. Or none: "));
}

}  // namespace
}  // namespace sparcell
