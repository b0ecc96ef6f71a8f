// Chunks that other programs compress: here by the libraries' own compressors, stored as they are. Whole
// files of h5py and hdf5plugin are read in tests/interop.
#include "hdf5/filters.h"

#include <blosc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzf.h>
#include <zstd.h>

#include <numeric>

#include "hdf5/file.h"
#include "support/temporary.h"

namespace sparcell::hdf5 {
namespace {

using testing::HasSubstr;

using Bytes = std::vector<std::byte>;

Bytes room_for(const Bytes& bytes) { return Bytes(2 * bytes.size() + 1024); }

Bytes lzf(const Bytes& bytes) {
  Bytes out = room_for(bytes);
  out.resize(lzf_compress(bytes.data(), static_cast<unsigned>(bytes.size()), out.data(),
                          static_cast<unsigned>(out.size())));
  return out;
}

Bytes blosc(const Bytes& bytes) {
  Bytes out = room_for(bytes);
  out.resize(static_cast<std::size_t>(blosc_compress_ctx(5, BLOSC_SHUFFLE, sizeof(std::int32_t), bytes.size(),
                                                         bytes.data(), out.data(), out.size(), "lz4", 0, 1)));
  return out;
}

Bytes zstd(const Bytes& bytes) {
  Bytes out = room_for(bytes);
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

struct Method {
  H5Z_filter_t id;
  const char* name;
  Bytes (*compress)(const Bytes&);
};

constexpr Method methods[] = {{32000, "LZF", lzf}, {32001, "Blosc", blosc}, {32015, "Zstandard", zstd}};

class Filters : public testing::TestWithParam<Method> {
 protected:
  static constexpr std::int64_t chunk = 1000, chunks = 7, length = chunk * chunks - 300;

  /// Numbers 0, 1, 2... in chunks, every third of which skips the filter, after `change` of what is stored.
  template <class Change>
  void write(Change&& change) {
    NewFile file(path);
    const auto size = static_cast<hsize_t>(length), part = static_cast<hsize_t>(chunk);
    const Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose);
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(properties.get(), 1, &part);
    ASSERT_GE(H5Pset_filter(properties.get(), GetParam().id, H5Z_FLAG_OPTIONAL, 0, nullptr), 0);
    const Handle dataset(H5Dcreate2(file.id(), "numbers", H5T_STD_I32LE, space.get(), H5P_DEFAULT,
                                    properties.get(), H5P_DEFAULT),
                         H5Dclose);
    ASSERT_TRUE(dataset);
    for (std::int64_t c = 0; c < chunks; ++c) {
      std::vector<std::int32_t> values(chunk);
      std::iota(values.begin(), values.end(), static_cast<std::int32_t>(c * chunk));
      Bytes bytes(values.size() * sizeof(std::int32_t));
      std::memcpy(bytes.data(), values.data(), bytes.size());
      const bool skipped = c % 3 == 2;
      if (!skipped) bytes = GetParam().compress(bytes);
      change(c, bytes);
      const auto offset = static_cast<hsize_t>(c * chunk);
      ASSERT_GE(
          H5Dwrite_chunk(dataset.get(), H5P_DEFAULT, skipped ? 1 : 0, &offset, bytes.size(), bytes.data()),
          0);
    }
    file.commit();
  }
  void write() {
    write([](std::int64_t, Bytes&) {});
  }
  std::vector<float> read(int threads) const {
    std::vector<float> values(length);
    File::open(path).dataset("numbers").read_rows(0, length, values.data(), threads);
    return values;
  }

  const TemporaryFolder folder;
  const std::string path = folder / "filtered.h5";
};

TEST_P(Filters, AreUndoneByAnyNumberOfThreads) {
  write();
  std::vector<float> expected(length);
  std::iota(expected.begin(), expected.end(), 0.0F);
  for (const int threads : {1, 2, 5}) EXPECT_EQ(read(threads), expected) << threads;
}

TEST_P(Filters, PartsOfChunksAreRead) {
  write();
  const File file = File::open(path);
  const Dataset numbers = file.dataset("numbers");
  for (const std::int64_t first : {0, 5, 990, 995, 3000, 6690}) {
    std::vector<std::int64_t> part(10);
    numbers.read_rows(first, 10, part.data(), 2);
    for (std::int64_t i = 0; i < 10; ++i) ASSERT_EQ(part[i], first + i);
  }
}

TEST_P(Filters, AreTaughtToHdf5) {
  write();
  const File file = File::open(path);
  const Handle dataset(H5Dopen2(file.id(), "numbers", H5P_DEFAULT), H5Dclose);
  std::vector<std::int32_t> values(length);
  ASSERT_GE(H5Dread(dataset.get(), H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  for (std::int64_t i = 0; i < length; ++i) ASSERT_EQ(values[i], i);
}

TEST_P(Filters, DamagedChunksAreRefused) {
  const auto refused = [&] {
    try {
      read(2);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("nothing was refused");
  };
  write([](std::int64_t c, Bytes& bytes) {
    if (c == 4) bytes.resize(bytes.size() / 2);
  });
  EXPECT_THAT(refused(), HasSubstr("/numbers: a chunk cannot be decoded; the file is damaged"));
  write([](std::int64_t c, Bytes& bytes) {
    if (c == 4) std::fill(bytes.begin(), bytes.end(), std::byte{0xff});
  });
  EXPECT_THAT(refused(), HasSubstr("/numbers: a chunk cannot be decoded; the file is damaged"));
  write([](std::int64_t c, Bytes& bytes) {  // a chunk of another size
    if (c == 4) bytes = GetParam().compress(Bytes(100));
  });
  EXPECT_THAT(refused(), HasSubstr("/numbers: a chunk cannot be decoded; the file is damaged"));
}

INSTANTIATE_TEST_SUITE_P(Of, Filters, testing::ValuesIn(methods),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(OtherFilters, AreRefusedByName) {
  const TemporaryFolder folder;
  const std::string path = folder / "filtered.h5";
  {
    NewFile file(path);
    const hsize_t size = 10;
    const Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose);
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(properties.get(), 1, &size);
    H5Pset_filter(properties.get(), 32008, H5Z_FLAG_OPTIONAL, 0, nullptr);
    const Handle dataset(H5Dcreate2(file.id(), "numbers", H5T_STD_I32LE, space.get(), H5P_DEFAULT,
                                    properties.get(), H5P_DEFAULT),
                         H5Dclose);
    file.commit();
  }
  try {
    File::open(path).dataset("numbers").read<float>();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("is compressed with bitshuffle (HDF5 filter 32008), which sparcell does"));
  }
}

/// Conversions that no HDF5 takes part in, beside HDF5's.
TEST(Conversion, IsHdf5s) {
  const TemporaryFolder folder;
  const std::string path = folder / "types.h5";
  const std::vector<double> values{0,        1,    -1,     127, -128, 255,   65535, 2147483647, -2147483648.0,
                                   16777217, 1e10, 9.3e18, 0.1, 1e39, -1e300};
  const hid_t types[] = {H5T_STD_I8LE,   H5T_STD_U8LE,   H5T_STD_I16LE, H5T_STD_U16LE,
                         H5T_STD_I32LE,  H5T_STD_U32LE,  H5T_STD_I64LE, H5T_STD_U64LE,
                         H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I32BE, H5T_IEEE_F64BE};
  const auto size = static_cast<hsize_t>(values.size());
  {
    NewFile file(path);
    for (std::size_t t = 0; t < std::size(types); ++t) {
      const Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose);
      const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
      H5Pset_chunk(properties.get(), 1, &size);
      const Handle dataset(H5Dcreate2(file.id(), std::to_string(t).c_str(), types[t], space.get(),
                                      H5P_DEFAULT, properties.get(), H5P_DEFAULT),
                           H5Dclose);
      H5Dwrite(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    }
    file.commit();
  }
  const File file = File::open(path);
  const auto compare = [&]<class T>(const Dataset& dataset, hid_t memory_type, T) {
    std::vector<T> expected(values.size()), found(values.size());
    ASSERT_GE(H5Dread(dataset.id(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, expected.data()), 0);
    dataset.read_rows(0, static_cast<std::int64_t>(size), found.data());
    EXPECT_EQ(found, expected) << dataset.type().name();
  };
  for (std::size_t t = 0; t < std::size(types); ++t) {
    const Dataset dataset = file.dataset(std::to_string(t));
    compare(dataset, H5T_NATIVE_FLOAT, float{});
    compare(dataset, H5T_NATIVE_DOUBLE, double{});
    if (dataset.type().kind == ElementType::Kind::integer) compare(dataset, H5T_NATIVE_INT64, std::int64_t{});
  }
}

}  // namespace
}  // namespace sparcell::hdf5
