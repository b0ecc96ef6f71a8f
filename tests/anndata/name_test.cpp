// Names of files to be written.
#include "anndata/name.h"

#include <gmock/gmock.h>

#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;

TEST(AnnDataName, MayNotSayAnotherFormat) {
  for (const char* name : {"x.csv", "a.b/x.TSV", "x.h5ad.gz", "x.loom", "x.zarr", "x.mtx", "x.npz"}) {
    EXPECT_THAT(error_of([&] { check_anndata_name(name); }, ExitCode::usage),
                testing::AllOf(testing::StartsWith(name), HasSubstr("so that it ends in .h5ad")))
        << name;
  }
  for (const char* name : {"x.h5ad", "x.h5", "x.HDF5", "x", "cells.v2", "a.csv/x", ".csv"})
    EXPECT_NO_THROW(check_anndata_name(name)) << name;
}

}  // namespace
}  // namespace sparcell
