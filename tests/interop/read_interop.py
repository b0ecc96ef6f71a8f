"""What `read` and `inspect` find in files equals what anndata and scanpy read from them.

The files: every encoding that anndata writes (made here), with every compression that h5py and hdf5plugin offer and sparcell
reads, and the real files of ../shared/data where they are present, the archives of old versions among them.
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

try:
    import anndata
    import h5py
    import hdf5plugin
    import numpy as np
    import pandas as pd
    import scanpy
    import scipy.sparse as sp
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

warnings.simplefilter("ignore")
build = Path(sys.argv[1])
shared = Path(os.environ.get("SPARCELL_DATA", "../shared/data"))


def reread(path, folder, *matrix):
    """The file as our reader sees it, through our writer, and the inspection."""
    out = Path(folder) / "reread.h5ad"
    done = subprocess.run([build / "interop_reread", path, out, *matrix], capture_output=True, text=True)
    assert done.returncode == 0, f"{path}: {done.stderr}"
    return anndata.read_h5ad(out), json.loads(done.stdout)


def canonical(matrix):
    csr = sp.csr_matrix(matrix).astype(np.float32)
    csr.sort_indices()
    csr.eliminate_zeros()
    return csr


def same_matrix(ours, theirs, what):
    ours, theirs = canonical(ours), canonical(theirs)
    assert ours.shape == theirs.shape, (what, ours.shape, theirs.shape)
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(ours, part), getattr(theirs, part), err_msg=f"{what} {part}")


def same_table(ours, theirs, what):
    assert list(map(str, theirs.index)) == list(ours.index), what
    assert list(ours.columns) == [c.replace("/", "_") for c in theirs.columns], (what, list(ours.columns), list(theirs.columns))
    for column in theirs.columns:
        expected, found = theirs[column], ours[column.replace("/", "_")]
        np.testing.assert_array_equal(found.isna().to_numpy(), expected.isna().to_numpy(), err_msg=f"{what} {column}")
        present = ~expected.isna().to_numpy()
        if pd.api.types.is_bool_dtype(expected):
            np.testing.assert_array_equal(found[present].astype(bool), expected[present].astype(bool))
        elif pd.api.types.is_numeric_dtype(expected):
            np.testing.assert_array_equal(found[present].astype(float), expected[present].astype(float), err_msg=column)
        else:
            assert list(found[present].astype(str)) == list(expected[present].astype(str)), f"{what} {column}"


def layout(matrix):
    return matrix.format if sp.issparse(matrix) else "dense"


def compare(path, expected, folder, form, stored=None):
    """`stored`: the matrix as it lies in the file, where anndata changes it in reading."""
    ours, inspection = reread(path, folder)
    same_matrix(ours.X, expected.X, path)
    same_table(ours.obs, expected.obs, f"{path} obs")
    same_table(ours.var, expected.var, f"{path} var")
    stored = expected.X if stored is None else stored
    assert inspection["format"] == form, inspection["format"]
    assert (inspection["cells"], inspection["genes"]) == expected.shape, path
    assert inspection["nonzeros"] == canonical(expected.X).nnz, path
    assert inspection["matrix"] == layout(stored), (path, inspection["matrix"], layout(stored))
    assert inspection["dtype"] == str(stored.dtype), (path, inspection["dtype"], stored.dtype)
    for name, matrix in expected.layers.items():
        same_matrix(reread(path, folder, f"layers/{name}")[0].X, matrix, f"{path} {name}")
    if expected.raw is not None:
        same_matrix(reread(path, folder, "raw")[0].X, expected.raw.X, f"{path} raw")
    values = canonical(expected.X).data
    assert (inspection["counts"] in ("X", "matrix")) == bool(np.all((values >= 0) & (values == np.round(values)))), path


def made_files(folder):
    random = np.random.default_rng(0)
    counts = random.poisson(0.4, size=(50, 30))
    obs = pd.DataFrame(index=[f"c{i}" for i in range(50)])
    obs["kind"] = pd.Categorical(random.choice(["b", "a", "ü"], 50), categories=["ü", "b", "a"])
    obs["missing"] = pd.Categorical([None if i % 7 == 0 else "x" for i in range(50)])
    obs["numbered"] = pd.Categorical(random.integers(0, 5, 50))
    obs["text"] = [f"t{i}" if i % 3 else "" for i in range(50)]
    obs["small"] = random.integers(0, 9, 50).astype(np.int8)
    obs["large"] = random.integers(0, 2**40, 50)
    obs["single"] = random.random(50).astype(np.float32)
    obs["double"] = np.where(np.arange(50) % 5 == 0, np.nan, random.random(50))
    obs["flag"] = random.random(50) < 0.5
    obs["maybe_integer"] = pd.array([None if i % 4 == 0 else i for i in range(50)], dtype="Int64")
    obs["maybe_flag"] = pd.array([None if i % 4 == 0 else i % 3 == 0 for i in range(50)], dtype="boolean")
    var = pd.DataFrame(index=pd.Index([f"g{i}" for i in range(30)], name="symbol"))
    dtypes = [np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
    for dtype in dtypes:
        for make in (np.asarray, sp.csr_matrix, sp.csc_matrix):
            data = anndata.AnnData(make(counts.astype(dtype)), obs=obs.copy(), var=var.copy())
            data.layers["half"] = sp.csc_matrix(counts * 0.5)
            data.layers["dense"] = counts * 0.25
            path = Path(folder) / "made.h5ad"
            data.write_h5ad(path, compression={np.float32: "gzip", np.int64: "gzip", np.uint8: "lzf", np.float64: "lzf"}.get(dtype))
            yield path, anndata.read_h5ad(path)


def write_indices_as(path, dtype, options):
    """Writes X's index arrays again with another type, and its values with other filters."""
    with h5py.File(path, "a") as file:
        for name in ("indices", "indptr", "data"):
            values = file["X"][name][:]
            del file["X"][name]
            file["X"].create_dataset(name, data=values if name == "data" else values.astype(dtype), **options)


def check_made(folder):
    count = 0
    for path, expected in made_files(folder):
        compare(path, expected, folder, "h5ad")
        count += 1
    filters = [{"chunks": (7,), "shuffle": True, "compression": "gzip"}, {"chunks": (11,), "fletcher32": True},
               {"chunks": (1000,), "maxshape": (None,), "shuffle": True, "compression": "gzip", "fletcher32": True}, {}]
    others = [{"chunks": (13,), "shuffle": True, "compression": "lzf", "fletcher32": True}, {"chunks": (30,), **hdf5plugin.Zstd(5)},
              *({"chunks": (40,), **hdf5plugin.Blosc(cname=name)} for name in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"))]
    for index_type in (np.uint8, np.uint16, np.int32, np.uint32, np.int64, np.uint64):
        for options in filters + (others if index_type is np.int32 else []):
            sp_x = sp.random(40, 60, 0.08, format="csr", dtype=np.float64, random_state=1)
            path = Path(folder) / "indices.h5ad"
            anndata.AnnData(sp_x).write_h5ad(path)
            write_indices_as(path, index_type, options)
            compare(path, anndata.AnnData(sp_x), folder, "h5ad")
            count += 1
    return count


def check_loom(folder):
    """By the specification of loom 3.0.0; anndata reads such files through loompy, which we do without."""
    random = np.random.default_rng(3)
    counts = random.poisson(0.5, size=(300, 170))
    half = counts * 0.5
    obs = pd.DataFrame({"batch": random.integers(0, 3, 300), "depth": random.random(300), "label": random.choice(["a", "ü"], 300)},
                       index=[f"c{i}" for i in range(300)])
    var = pd.DataFrame({"Accession": [f"ENSG{i}" for i in range(170)]}, index=[f"g{i}" for i in range(170)])
    path = Path(folder) / "made.loom"
    with h5py.File(path, "w") as file:
        file.create_group("attrs")["LOOM_SPEC_VERSION"] = "3.0.0"
        file.create_dataset("matrix", data=counts.T.astype(np.float32), chunks=(64, 64), compression="gzip", maxshape=(None, None))
        file.create_group("layers").create_dataset("half", data=half.T, chunks=(64, 64), compression="lzf")
        for name in ("row_graphs", "col_graphs", "row_attrs", "col_attrs"):
            file.create_group(name)
        text = h5py.string_dtype("utf-8")
        for group, names, index, table in (("row_attrs", var.index, "Gene", var), ("col_attrs", obs.index, "CellID", obs)):
            file[group].create_dataset(index, data=list(names), dtype=text)
            for column in table.columns:
                values = table[column].to_numpy()
                file[group].create_dataset(column, data=values, dtype=text if values.dtype == object else None)
    ours, inspection = reread(path, folder)
    same_matrix(ours.X, counts, path)
    same_table(ours.obs, obs, path)
    same_table(ours.var, var, path)
    same_matrix(reread(path, folder, "layers/half")[0].X, half, path)
    assert (inspection["format"], inspection["counts"], inspection["layers"]) == ("loom", "X", ["half"]), inspection
    return 1


def refused(path, words):
    done = subprocess.run([build / "interop_reread", path, "/dev/null"], capture_output=True, text=True)
    assert done.returncode == 3 and words in done.stderr, (path, done.returncode, done.stderr)


def check_refused(folder):
    path = Path(folder) / "bitshuffle.h5ad"
    anndata.AnnData(sp.random(40, 60, 0.2, format="csr")).write_h5ad(path)
    write_indices_as(path, np.int32, {"chunks": (30,), **hdf5plugin.Bitshuffle()})
    refused(path, "is compressed with bitshuffle (HDF5 filter 32008)")


def check_shared(folder):
    count = 0
    for path in [*sorted(shared.glob("*.h5ad")), *sorted(shared.glob("formats/*.h5ad"))]:
        expected = anndata.read_h5ad(path)
        if expected.X is None:
            continue
        compare(path, expected, folder, "h5ad")
        count += 1
    for path in [*shared.glob("*10x*.h5"), *shared.glob("formats/10x*.h5")]:
        ours, inspection = reread(path, folder)
        expected = scanpy.read_10x_h5(path)
        same_matrix(ours.X, expected.X, path)
        assert list(ours.var_names) == list(expected.var_names) and list(ours.obs_names) == list(expected.obs_names)
        assert list(ours.var["gene_ids"]) == list(expected.var["gene_ids"]), path
        assert inspection["format"] == "10x_h5" and inspection["nonzeros"] == expected.X.nnz
        count += 1
    for path in [shared / "pbmc4k_10x_mtx", shared / "formats/10x_v3_mtx"]:
        if not path.exists():
            continue
        ours, inspection = reread(path, folder)
        expected = scanpy.read_10x_mtx(path, make_unique=False)
        same_matrix(ours.X, expected.X, path)
        assert list(ours.var_names) == list(expected.var_names) and list(ours.obs_names) == list(expected.obs_names)
        assert inspection["format"] == "10x_mtx" and inspection["nonzeros"] == expected.X.nnz
        count += 1
    return count


with tempfile.TemporaryDirectory() as temporary:
    made = check_made(temporary) + check_loom(temporary)
    check_refused(temporary)
    real = check_shared(temporary)
print(f"{made} files written here and {real} of {shared}: all as anndata and scanpy read them")
