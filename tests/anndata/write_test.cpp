#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "hdf5/file.h"
#include "sparcell/anndata.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Csr<float> sample_matrix() { return {3, 4, {0, 2, 2, 4}, {0, 3, 1, 2}, {1, 2.5F, 3, 7}}; }

Table sample_obs() {
  Table obs;
  obs.names = {"c0", "c1", "c2"};
  obs.set({"text", std::vector<std::string>{"x", "", "z"}, {}});
  obs.set({"score", std::vector<double>{0.5, std::nan(""), -2}, {}});
  obs.set({"number", std::vector<std::int64_t>{1, -2, 3}, {}});
  obs.set({"flag", std::vector<std::uint8_t>{1, 0, 1}, {}});
  obs.set({"kind", Categorical{{1, -1, 0}, {"b", "a"}, true}, {}});
  obs.set({"maybe_number", std::vector<std::int64_t>{5, 0, 7}, {0, 1, 0}});
  obs.set({"maybe_flag", std::vector<std::uint8_t>{1, 0, 1}, {0, 1, 0}});
  obs.set({"maybe_text", std::vector<std::string>{"q", "", "p"}, {0, 1, 0}});
  obs.set({"with/slash", std::vector<std::int64_t>{1, 2, 3}, {}});
  return obs;
}

void write_sample(const std::string& path) {
  const Csr<float> x = sample_matrix();
  AnnDataContent content;
  content.x = &x;
  content.obs = sample_obs();
  content.var.names = {"g0", "g1", "g2", "g3"};
  content.layers.emplace_back("counts", &x);
  Matrix<float> latent(3, 2);
  latent.values = {1, 2, 3, 4, 5, 6};
  content.obsm.emplace_back("X_ae", latent);
  content.varm.emplace_back("loadings", Matrix<float>(4, 1, 0.5F));
  content.uns.emplace_back("version", "1.0");
  content.uns.emplace_back("truth/effect", 2.5);
  content.uns.emplace_back("truth/modules", std::int64_t{3});
  content.uns.emplace_back("words", std::vector<std::string>{"a", "b"});
  write_anndata(path, content);
}

TEST(WriteAnndata, IsReadBack) {
  const TemporaryFolder folder;
  const std::string path = folder / "sample.h5ad";
  write_sample(path);
  const Csr<float> expected = sample_matrix();
  for (const char* name : {"X", "layers/counts"}) {
    const Csr<float> x = read_matrix(path, name);
    EXPECT_EQ(x.offsets, expected.offsets);
    EXPECT_EQ(x.indices, expected.indices);
    EXPECT_EQ(x.values, expected.values);
    EXPECT_EQ(x.cols, 4);
  }
  const Table obs = read_obs(path);
  EXPECT_THAT(obs.names, ElementsAre("c0", "c1", "c2"));
  std::vector<std::string> seen;
  for (const Column& column : obs.columns) {
    seen.push_back(fmt::format("{} {}: {} {} {}", column.name, column.type(), column.text(0), column.text(1),
                               column.text(2)));
  }
  EXPECT_THAT(seen, ElementsAre("text string: x  z", "score float: 0.5 nan -2", "number integer: 1 -2 3",
                                "flag boolean: True False True", "kind categorical: a  b",
                                "maybe_number integer: 5  7", "maybe_flag boolean: True  True",
                                "maybe_text categorical: q  p", "with_slash integer: 1 2 3"));
  EXPECT_TRUE(std::get<Categorical>(obs.find("kind")->values).ordered);
  EXPECT_THAT(read_var(path).names, ElementsAre("g0", "g1", "g2", "g3"));
  EXPECT_THAT(read_obsm(path, "X_ae").values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(read_varm(path, "loadings").rows, 4);
  EXPECT_EQ(hdf5::File::open(path).dataset("uns/truth/effect").read<double>()[0], 2.5);
}

TEST(WriteAnndata, EqualContentsGiveEqualBytes) {
  const TemporaryFolder folder;
  write_sample(folder / "first.h5ad");
  write_sample(folder / "second.h5ad");
  EXPECT_EQ(file_bytes(folder / "first.h5ad"), file_bytes(folder / "second.h5ad"));
}

TEST(WriteAnndata, DenseEmptyAndMissingX) {
  const TemporaryFolder folder;
  AnnDataContent content;
  write_anndata(folder / "nothing.h5ad", content);
  EXPECT_EQ(read_obs(folder / "nothing.h5ad").rows(), 0);
  EXPECT_THAT(error_of([&] { read_matrix(folder / "nothing.h5ad"); }), HasSubstr("/X: is missing"));

  Matrix<float> dense(2, 3);
  dense(0, 1) = 4;
  content.x = &dense;
  content.obs.names = {"a", "b"};
  content.var.names = {"x", "y", "z"};
  write_anndata(folder / "dense.h5ad", content);
  const Csr<float> read = read_matrix(folder / "dense.h5ad");
  EXPECT_THAT(read.offsets, ElementsAre(0, 1, 1));
  EXPECT_THAT(read.indices, ElementsAre(1));
}

// A file's obs may have such columns (SeuratDisk writes _index); that is known only after all training.
TEST(WriteAnndata, ColumnsWhoseNamesWouldMeetAreRenamed) {
  const TemporaryFolder folder;
  AnnDataContent content;
  content.obs.names = {"c0"};
  content.var.names = {"g0"};
  std::int64_t value = 0;
  for (const char* name : {"_index", "a/b", "a_b", "a_b_1", "/_b", "index_"})
    content.obs.set({name, std::vector<std::int64_t>{++value}, {}});
  content.var.set({"_index", std::vector<std::string>{"KLF1"}, {}});
  write_anndata(folder / "a.h5ad", content);
  const Table obs = read_obs(folder / "a.h5ad");
  EXPECT_THAT(obs.names, ElementsAre("c0"));
  std::vector<std::string> seen;
  for (const Column& column : obs.columns) seen.push_back(column.name + " " + column.text(0));
  EXPECT_THAT(seen, ElementsAre("index__1 1", "a_b_2 2", "a_b 3", "a_b_1 4", "__b 5", "index_ 6"));
  const Table var = read_var(folder / "a.h5ad");
  EXPECT_THAT(var.names, ElementsAre("g0"));
  ASSERT_NE(var.find("index_"), nullptr);
  EXPECT_EQ(var.find("index_")->text(0), "KLF1");
}

TEST(WriteAnndata, RefusesShapesThatDoNotFit) {
  const TemporaryFolder folder;
  const Csr<float> x = sample_matrix();
  AnnDataContent content;
  content.x = &x;
  content.obs.names = {"a", "b"};
  EXPECT_THAT(error_of([&] { write_anndata(folder / "bad.h5ad", content); }, ExitCode::internal),
              HasSubstr("X is 3 x 4 beside 2 cells and 0 genes"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

void write_nullable_strings(const hdf5::Group& parent, const std::string& name,
                            const std::vector<std::string>& values, const std::vector<std::uint8_t>& mask) {
  const hdf5::Group group = parent.create_group(name);
  group.set("encoding-type", "nullable-string-array");
  group.set("encoding-version", "0.1.0");
  group.write_strings("values", values);
  group.write_booleans("mask", mask);
}

// anndata 0.12 writes texts of pandas' own type so, the names of rows too.
TEST(ReadAnndata, NullableStringsAsIndexCategoriesAndColumn) {
  const TemporaryFolder folder;
  hdf5::NewFile file(folder / "a.h5ad");
  const hdf5::Group obs = file.create_group("obs");
  obs.set("_index", "_index");
  obs.set("column-order", std::span<const std::string>(std::vector<std::string>{"kind", "text"}));
  write_nullable_strings(obs, "_index", {"c0", "c1", "c2"}, {0, 0, 0});
  const hdf5::Group kind = obs.create_group("kind");
  kind.set("encoding-type", "categorical");
  kind.write("codes", std::vector<std::int32_t>{1, -1, 0});
  write_nullable_strings(kind, "categories", {"a", "b"}, {0, 0});
  write_nullable_strings(obs, "text", {"x", "", "z"}, {0, 1, 0});
  const hdf5::Group var = file.create_group("var");
  var.set("_index", "_index");
  var.create_group("_index").set("encoding-type", "dict");
  file.commit();
  const Table table = read_obs(folder / "a.h5ad");
  EXPECT_THAT(table.names, ElementsAre("c0", "c1", "c2"));
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[0].text(0) + table.columns[0].text(1) + table.columns[0].text(2), "ba");
  EXPECT_EQ(table.columns[1].text(0) + table.columns[1].text(1) + table.columns[1].text(2), "xz");
  EXPECT_EQ(table.columns[1].missing, (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_THAT(error_of([&] { read_var(folder / "a.h5ad"); }),
              HasSubstr("/var/_index: is a group of the encoding 'dict', expected a list"));
}

TEST(ReadAnndata, SparseObsmIsRefusedByName) {
  const TemporaryFolder folder;
  write_sample(folder / "sample.h5ad");
  EXPECT_THAT(error_of([&] { read_obsm(folder / "sample.h5ad", "X_vae"); }),
              HasSubstr("/obsm/X_vae: is missing"));
}

}  // namespace
}  // namespace sparcell
