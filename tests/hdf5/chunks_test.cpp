// Chunks without filters, of one and two dimensions, whole and in parts, in the type that is asked for and in
// others, some never written: element (r, c) is 1000 r + c, or the fill value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "hdf5/file.h"
#include "support/temporary.h"

namespace sparcell::hdf5 {
namespace {

struct Layout {
  std::array<hsize_t, 2> shape, chunk;
};

constexpr std::int32_t fill_value = -5;
constexpr hsize_t rows = 23;

std::int32_t element(hsize_t row, hsize_t column) { return static_cast<std::int32_t>(1000 * row + column); }

/// Writes the rows but those from 8 on that are before 16.
void write(const std::string& path, const Layout& layout, hid_t type) {
  NewFile file(path);
  const Handle space(H5Screate_simple(2, layout.shape.data(), nullptr), H5Sclose);
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(properties.get(), 2, layout.chunk.data());
  H5Pset_fill_value(properties.get(), H5T_NATIVE_INT32, &fill_value);
  const Handle dataset(
      H5Dcreate2(file.id(), "numbers", type, space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
      H5Dclose);
  for (const auto& [first, last] : {std::pair<hsize_t, hsize_t>{0, 8}, {16, rows}}) {
    std::vector<std::int32_t> values;
    for (hsize_t r = first; r < last; ++r) {
      for (hsize_t c = 0; c < layout.shape[1]; ++c) values.push_back(element(r, c));
    }
    const hsize_t start[2] = {first, 0}, count[2] = {last - first, layout.shape[1]};
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start, nullptr, count, nullptr);
    const Handle memory(H5Screate_simple(2, count, nullptr), H5Sclose);
    ASSERT_GE(
        H5Dwrite(dataset.get(), H5T_NATIVE_INT32, memory.get(), space.get(), H5P_DEFAULT, values.data()), 0);
  }
  file.commit();
}

template <class T>
void expect_rows(const Dataset& numbers, hsize_t first, hsize_t count, int threads) {
  const auto columns = static_cast<hsize_t>(numbers.shape()[1]);
  std::vector<T> expected, found(count * columns + 2, T{77});  // with a guard on either side
  for (hsize_t r = first; r < first + count; ++r) {
    for (hsize_t c = 0; c < columns; ++c)
      expected.push_back(static_cast<T>(r >= 8 && r < 16 ? fill_value : element(r, c)));
  }
  numbers.read_rows(static_cast<std::int64_t>(first), static_cast<std::int64_t>(count), found.data() + 1,
                    threads);
  EXPECT_EQ(found.front(), T{77});
  EXPECT_EQ(found.back(), T{77});
  EXPECT_EQ(std::vector<T>(found.begin() + 1, found.end() - 1), expected) << first << " " << count;
}

TEST(Chunks, AnyRowsAreRead) {
  const TemporaryFolder folder;
  const std::string path = folder / "chunks.h5";
  const Layout layouts[] = {
      {{rows, 6}, {4, 6}}, {{rows, 6}, {8, 4}}, {{rows, 1}, {2, 1}}, {{rows, 5}, {23, 5}}};
  for (const Layout& layout : layouts) {
    for (const hid_t type : {H5T_STD_I32LE, H5T_STD_I64LE, H5T_IEEE_F32LE, H5T_STD_I32BE}) {
      write(path, layout, type);
      const File file = File::open(path);
      const Dataset numbers = file.dataset("numbers");
      const bool integers = numbers.type().kind == ElementType::Kind::integer;
      for (const int threads : {1, 3}) {
        for (hsize_t first = 0; first < rows; first += 3) {
          for (const hsize_t count : {hsize_t{1}, hsize_t{9}, rows - first}) {
            if (first + count > rows) continue;
            expect_rows<float>(numbers, first, count, threads);
            expect_rows<double>(numbers, first, count, threads);
            if (integers) expect_rows<std::int32_t>(numbers, first, count, threads);
            if (integers) expect_rows<std::int64_t>(numbers, first, count, threads);
          }
        }
      }
    }
  }
}

/// Numbers of 64 bits in chunks or in one piece, asked for in 32.
std::string error_of_narrow(const std::string& path, const std::vector<std::int64_t>& values,
                            Storage storage) {
  {
    NewFile file(path);
    file.write("wide", values, storage);
    file.commit();
  }
  return error_of([&] {
    const std::vector<std::int32_t> found = File::open(path).dataset("wide").read<std::int32_t>();
    EXPECT_EQ(std::vector<std::int64_t>(found.begin(), found.end()), values);
  });
}

TEST(Chunks, NumbersThatDoNotFitAreRefusedAndTheLastOnesThatDoAreRead) {
  const TemporaryFolder folder;
  constexpr std::int64_t most = 2147483647, least = -most - 1;
  for (const Storage storage : {Storage{}, Storage{.gzip = 1}}) {
    const auto error = [&](const std::vector<std::int64_t>& values) {
      return error_of_narrow(folder / "wide.h5", values, storage);
    };
    EXPECT_EQ(error({0, most, least, most - 1, least + 1}), "no error");
    EXPECT_THAT(error({0, most, most + 1}),
                testing::HasSubstr("/wide: element 2 is 2147483648, outside of -2147483648 to 2147483647"));
    EXPECT_THAT(error({least - 1}), testing::HasSubstr("/wide: element 0 is -2147483649"));
    EXPECT_THAT(error({1, std::int64_t{1} << 32}), testing::HasSubstr("/wide: element 1 is 4294967296"));
  }
}

}  // namespace
}  // namespace sparcell::hdf5
