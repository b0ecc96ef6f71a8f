"""A file of write_anndata opens in the installed anndata without a warning and holds what was written."""

import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

warnings.simplefilter("error")

try:
    import anndata
    import numpy as np
    import pandas as pd
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

build = Path(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "sample.h5ad"
    subprocess.run([build / "interop_h5ad_sample", path], check=True)
    data = anndata.read_h5ad(path)
    backed = anndata.read_h5ad(path, backed="r")
    assert backed.shape == (3, 4)
    backed.file.close()
    again = Path(folder) / "again.h5ad"
    data.write_h5ad(again)

dense = np.array([[1, 0, 0, 2.5], [0, 0, 0, 0], [0, 3, 7, 0]], dtype=np.float32)
for matrix in (data.X, data.layers["counts"]):
    assert matrix.format == "csr" and matrix.dtype == np.float32, matrix
    assert matrix.has_canonical_format
    np.testing.assert_array_equal(matrix.toarray(), dense)
assert list(data.obs_names) == ["c0", "c1", "c2"]
assert list(data.var_names) == ["g0", "g1", "g2", "g3"]
obs = data.obs
assert list(obs.columns) == ["text", "score", "number", "flag", "kind", "maybe_number", "maybe_flag", "maybe_text"]
assert list(obs["text"]) == ["x", "", "größe"]
np.testing.assert_array_equal(obs["score"], [0.5, np.nan, -2])
assert list(obs["number"]) == [1, -2, 3] and obs["number"].dtype == np.int64
assert list(obs["flag"]) == [True, False, True] and obs["flag"].dtype == bool
assert obs["kind"].cat.ordered and list(obs["kind"].cat.categories) == ["b", "a"]
assert obs["kind"].iloc[0] == "a" and pd.isna(obs["kind"].iloc[1])
assert obs["maybe_number"].iloc[0] == 5 and obs["maybe_number"].iloc[1] is pd.NA
assert obs["maybe_flag"].iloc[0] == True and obs["maybe_flag"].iloc[1] is pd.NA  # noqa: E712
assert obs["maybe_text"].iloc[2] == "p" and pd.isna(obs["maybe_text"].iloc[1])
np.testing.assert_array_equal(data.obsm["X_ae"], np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32))
np.testing.assert_array_equal(data.varm["loadings"], np.full((4, 1), 0.5, dtype=np.float32))
assert data.uns["version"] == "1.0" and list(data.uns["words"]) == ["a", "b"]
assert data.uns["truth"]["effect"] == 2.5 and data.uns["truth"]["modules"] == 3
print(f"anndata {version('anndata')}: everything as written, no warning")
