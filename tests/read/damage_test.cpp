// Random damage to any input file gives a data set or an Error, never a crash: small files of each format
// with bytes flipped, set, overwritten in runs, or cut off.
#include <gtest/gtest.h>
#include <zlib.h>

#include <functional>
#include <random>

#include "read/fixtures.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

std::string damage(std::string bytes, std::uint32_t seed) {
  std::mt19937 random(seed);
  // Half of the damage goes to the first bytes: that is where the structure lies.
  const std::size_t range = random() % 2 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 2048);
  switch (random() % 4) {
    case 0:
      bytes.resize(random() % bytes.size());
      break;
    case 1:
      for (std::uint32_t left = 1 + random() % 8; left > 0; --left)
        bytes[random() % range] ^= static_cast<char>(1 << random() % 8);
      break;
    case 2:
      for (std::uint32_t left = 1 + random() % 4; left > 0; --left)
        bytes[random() % range] = static_cast<char>(random());
      break;
    default: {
      const std::size_t first = random() % range;
      const std::size_t last = std::min<std::size_t>(bytes.size(), first + 1 + random() % 64);
      for (std::size_t i = first; i < last; ++i)
        bytes[i] = random() % 3 == 0 ? '\xff' : static_cast<char>(random());
    }
  }
  return bytes;
}

/// Damages `file` in `variants` ways and reads `path` (the file or its folder) each time. Returns how many
/// were refused.
int read_damaged(const std::string& file, const std::string& path, std::uint32_t variants) {
  const std::string bytes = file_bytes(file);
  int refused = 0;
  for (std::uint32_t seed = 0; seed < variants; ++seed) {
    write_bytes(file, damage(bytes, seed));
    ReadOptions options;
    options.path = path;
    for (const auto& attempt : {std::function<void()>([&] { inspect(options); }), std::function<void()>([&] {
                                  read_quietly(path, MatrixNeed::any, options);
                                })}) {
      try {
        attempt();
      } catch (const Error& error) {
        EXPECT_NE(error.code(), ExitCode::internal) << "seed " << seed << ": " << error.what();
        ++refused;
      } catch (const std::exception& error) {
        ADD_FAILURE() << "seed " << seed << ": " << error.what();
      }
    }
  }
  write_bytes(file, bytes);
  return refused;
}

TEST(Damage, Anndata) {
  const TemporaryFolder folder;
  Table cells = small_cells({"ctrl", "A+ctrl", "B", "A+B"});
  cells.set({"kind", Categorical{{0, 1, -1, 0}, {"a", "b"}, false}, {}});
  const Csr<float> x = small_counts();
  write_h5ad(folder / "a.h5ad", x, cells, {{"counts", &x}});
  EXPECT_GT(read_damaged(folder / "a.h5ad", folder / "a.h5ad", 150), 50);
}

TEST(Damage, TenxHdf5) {
  const TemporaryFolder folder;
  write_10x_v3(folder / "a.h5");
  EXPECT_GT(read_damaged(folder / "a.h5", folder / "a.h5", 100), 30);
  write_10x_v2(folder / "b.h5", {"hg19"});
  EXPECT_GT(read_damaged(folder / "b.h5", folder / "b.h5", 100), 30);
}

TEST(Damage, MatrixMarket) {
  const TemporaryFolder folder;
  write_triple(folder.path().string());
  for (const char* name : {"matrix.mtx", "barcodes.tsv", "genes.tsv"}) {
    EXPECT_GT(read_damaged(folder / name, folder.path().string(), 100), 10) << name;
  }
  const std::string bytes = file_bytes(folder / "matrix.mtx");
  const gzFile file = gzopen((folder / "matrix.mtx.gz").c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::filesystem::remove(folder / "matrix.mtx");
  EXPECT_GT(read_damaged(folder / "matrix.mtx.gz", folder.path().string(), 100), 50);
}

}  // namespace
}  // namespace sparcell
