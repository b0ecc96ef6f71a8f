"""Small files of every format that the reader knows, and what can be wrong with them."""

import gzip
import random
from pathlib import Path

import anndata
import h5py
import hdf5plugin
import numpy as np
import pandas as pd
import scipy.sparse as sp

CELLS, GENES = 12, 7
TEXT = h5py.string_dtype("utf-8")


def counts(seed=0):
    return np.random.default_rng(seed).poisson(0.8, size=(CELLS, GENES)).astype(np.float32)


def current(path, **compression):
    """As anndata writes: every encoding of a matrix and of a column."""
    obs = pd.DataFrame(index=[f"c{i}" for i in range(CELLS)])
    obs["condition"] = pd.Categorical(["ctrl", "A+ctrl", "B+ctrl", "A+B"] * 3)
    obs["missing"] = pd.Categorical([None if i % 5 == 0 else "x" for i in range(CELLS)])
    obs["text"] = [f"t{i}" for i in range(CELLS)]
    obs["score"] = np.linspace(0, 1, CELLS)
    obs["flag"] = [i % 2 == 0 for i in range(CELLS)]
    obs["maybe"] = pd.array([None if i % 4 == 0 else i for i in range(CELLS)], dtype="Int64")
    var = pd.DataFrame({"symbol": [f"S{i}" for i in range(GENES)]}, index=[f"g{i}" for i in range(GENES)])
    data = anndata.AnnData(sp.csr_matrix(counts()), obs=obs, var=var)
    data.raw = data.copy()
    data.layers["counts"] = sp.csc_matrix(counts(1))
    data.layers["dense"] = counts(2)
    data.obsm["X_pca"] = np.zeros((CELLS, 2))
    data.uns["method"] = {"name": "none", "scores": np.arange(3)}
    data.write_h5ad(path, **compression)


def in_blosc(path):
    """hdf5plugin's Blosc cannot take texts."""
    current(path)
    with h5py.File(path, "a") as file:
        for name in ("X/data", "X/indices", "X/indptr", "layers/counts/data", "layers/dense", "raw/X/data"):
            values, attributes = file[name][:], dict(file[name].attrs)
            del file[name]
            file.create_dataset(name, data=values, chunks=(5,) + values.shape[1:], shuffle=True, **hdf5plugin.Blosc()).attrs.update(attributes)


def before_08(path):
    """As 0.7 wrote: categories by object reference."""
    current(path)
    with h5py.File(path, "a") as file:
        for frame in (file["obs"], file["var"]):
            for name in [name for name in frame if isinstance(frame[name], h5py.Group)]:
                group = frame[name]
                if "categories" in group:
                    codes, categories = group["codes"][:], group["categories"][:]
                    ordered = bool(group.attrs["ordered"])
                    del frame[name]
                    kept = frame.require_group("__categories").create_dataset(name, data=categories, dtype=TEXT)
                    kept.attrs["ordered"] = ordered
                    frame.create_dataset(name, data=codes).attrs["categories"] = kept.ref
                else:
                    del frame[name]
            frame.attrs["column-order"] = np.array([n for n in frame.attrs["column-order"] if n in frame], dtype=object)


def before_07(path):
    """As 0.5 wrote: compounds, categories in uns, sparse matrices by h5sparse's attributes."""
    matrix = sp.csr_matrix(counts())
    with h5py.File(path, "w") as file:
        for name in ("X", "raw.X"):
            group = file.create_group(name)
            group.attrs["h5sparse_format"], group.attrs["h5sparse_shape"] = "csr", matrix.shape
            for part in ("data", "indices", "indptr"):
                group.create_dataset(part, data=getattr(matrix, part), compression="gzip", maxshape=(None,))
        obs = [(f"c{i}".encode(), i % 3, i / 2, i) for i in range(CELLS)]
        var = [(f"g{i}".encode(), f"S{i}".encode()) for i in range(GENES)]
        file["obs"] = np.array(obs, dtype=[("index", "S8"), ("perturbation", "i1"), ("score", "f4"), ("n", "i8")])
        file["var"] = np.array(var, dtype=[("index", "S8"), ("symbol", "S8")])
        file["raw.var"] = np.array(var, dtype=[("index", "S8"), ("symbol", "S8")])
        file.create_dataset("uns/perturbation_categories", data=["control", "A", "A_B"], dtype=TEXT)


def tenx(path, version):
    matrix = sp.csr_matrix(counts())
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix" if version == 3 else "hg19")
        for part in ("data", "indices", "indptr"):
            group.create_dataset(part, data=getattr(matrix, part).astype(np.int64), compression="gzip", chunks=(8,))
        group["shape"] = np.array([GENES, CELLS], np.int32)
        group["barcodes"] = np.array([f"c{i}".encode() for i in range(CELLS)], "S4")
        features = group.create_group("features") if version == 3 else group
        identifiers = np.array([f"E{i}".encode() for i in range(GENES)], "S4")
        features["id" if version == 3 else "genes"] = identifiers
        features["name" if version == 3 else "gene_names"] = identifiers
        if version == 3:
            features["feature_type"] = np.array([b"Gene Expression"] * GENES)
            features["genome"] = np.array([b"hg38"] * GENES)


def loom(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=counts().T, chunks=(4, 5), compression="gzip")
        file.create_dataset("layers/half", data=counts(1).T, chunks=(4, 5), compression="lzf")
        file.create_dataset("row_attrs/Gene", data=[f"g{i}" for i in range(GENES)], dtype=TEXT)
        file.create_dataset("col_attrs/CellID", data=[f"c{i}" for i in range(CELLS)], dtype=TEXT)
        file["col_attrs/depth"] = np.arange(CELLS, dtype=np.float64)


def triple(folder, zipped):
    folder.mkdir()
    matrix = sp.coo_matrix(counts())
    entries = "".join(f"{g + 1} {c + 1} {v:g}\n" for c, g, v in zip(matrix.row, matrix.col, matrix.data))
    texts = {"matrix.mtx": f"%%MatrixMarket matrix coordinate real general\n%\n{GENES} {CELLS} {matrix.nnz}\n{entries}",
             "barcodes.tsv": "".join(f"c{i}\n" for i in range(CELLS)),
             "features.tsv": "".join(f"E{i}\tS{i}\tGene Expression\n" for i in range(GENES))}
    for name, text in texts.items():
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        else:
            (folder / name).write_text(text)


def make_files(folder):
    """What is read, by name, each with the files that it consists of."""
    folder = Path(folder)
    makers = {"gzip": lambda p: current(p, compression="gzip"), "lzf": lambda p: current(p, compression="lzf"),
              "zstd": lambda p: current(p, **hdf5plugin.Zstd()), "blosc": in_blosc,
              "plain": current, "before_08": before_08, "before_07": before_07, "tenx_v2": lambda p: tenx(p, 2),
              "tenx_v3": lambda p: tenx(p, 3), "loom": loom}
    files = {}
    for name, make in makers.items():
        make(folder / f"{name}.h5")
        files[name] = (folder / f"{name}.h5", [folder / f"{name}.h5"])
    for name in ("mtx", "mtx_gz"):
        triple(folder / name, name == "mtx_gz")
        files[name] = (folder / name, sorted((folder / name).iterdir()))
    return files


def damage(data, chance):
    """Bits flipped, bytes set, a run overwritten, or the end cut off; half of it where the structure begins."""
    data = bytearray(data)
    reach = len(data) if chance.random() < 0.5 else min(len(data), 2048)
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(data[:chance.randrange(len(data))])
    if kind == 1:
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    elif kind == 2:
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(reach)] = chance.randrange(256)
    else:
        first = chance.randrange(reach)
        for i in range(first, min(len(data), first + chance.randint(1, 64))):
            data[i] = 255 if chance.random() < 0.3 else chance.randrange(256)
    return bytes(data)


def objects_of(path):
    found = []
    with h5py.File(path) as file:
        file.visit(found.append)
        return [(name, list(file[name].attrs)) for name in found], list(file.attrs)


def replace(make):
    """An object becomes another, its attributes stay."""
    def apply(file, name):
        old = dict(file[name].attrs)
        values = file[name][()] if isinstance(file[name], h5py.Dataset) else None
        del file[name]
        make(file, name, values)
        if isinstance(file.get(name, getlink=True), h5py.HardLink) and file[name] != file["/"]:
            file[name].attrs.update(old)
    return apply


def with_values(change):
    def make(file, name, values):
        file[name] = np.atleast_1d(change(np.atleast_1d(values) if values is not None else np.zeros(3)))
    return replace(make)


def numbers(change):
    """Numbers become others of their type or a wider one; what holds no numbers becomes two of them."""
    def changed(values):
        return change(values.astype(np.float64)) if values.dtype.kind in "iufb" else np.array([1.0, -2.0])
    return with_values(changed)


def integers(value):
    return with_values(lambda v: np.where(np.arange(v.size) == v.size // 2, value, 1).reshape(v.shape).astype(type(value)))


OBJECT_CHANGES = {
    "gone": lambda file, name: file.__delitem__(name),
    "shorter": with_values(lambda v: v[:-1]), "empty": with_values(lambda v: v[:0]),
    "longer": with_values(lambda v: np.concatenate([v, v[:1]])), "twice": with_values(lambda v: np.stack([v, v])),
    "scalar": replace(lambda file, name, _: file.create_dataset(name, data=3)),
    "null": replace(lambda file, name, _: file.create_dataset(name, data=h5py.Empty("f4"))),
    "group": replace(lambda file, name, _: file.create_group(name)),
    "texts": replace(lambda file, name, _: file.create_dataset(name, data=["x", "y"] * 6, dtype=TEXT)),
    "lists": replace(lambda file, name, _: file.create_dataset(name, (CELLS,), dtype=h5py.vlen_dtype(np.int32))),
    "references": replace(lambda file, name, _: file.create_dataset(name, (CELLS,), dtype=h5py.ref_dtype)),
    "compound": replace(lambda file, name, _: file.create_dataset(name, data=np.zeros(CELLS, [("a", "i4"), ("b", "S3")]))),
    "huge": replace(lambda file, name, _: file.create_dataset(name, (2**40,), "f4", chunks=(2**20,), compression="gzip")),
    "wide": replace(lambda file, name, _: file.create_dataset(name, (2**31 - 2, 2**31 - 2), "i1", chunks=(2**10, 2**10))),
    "big_chunk": replace(lambda file, name, _: file.create_dataset(name, (2**29,), "i8", chunks=(2**28,), maxshape=(None,))),
    "no_link": replace(lambda file, name, _: file.__setitem__(name, h5py.SoftLink("/nowhere"))),
    "own_link": replace(lambda file, name, _: file.__setitem__(name, h5py.SoftLink(f"/{name}"))),
    "root_link": replace(lambda file, name, _: file.__setitem__(name, file["/"])),
    "other_file": replace(lambda file, name, _: file.__setitem__(name, h5py.ExternalLink("other.h5", "/X"))),
    "nan": numbers(lambda v: np.where(np.arange(v.size).reshape(v.shape) == 1, np.nan, v)),
    "infinite": numbers(lambda v: v + np.inf), "negated": numbers(lambda v: -v), "fractions": numbers(lambda v: v + 0.5),
    "minus_one": integers(np.int64(-1)), "large": integers(np.int64(2**40)), "largest": integers(np.uint64(2**64 - 1)),
    "float128": with_values(lambda v: np.zeros(v.shape, np.longdouble)), "complex": with_values(lambda v: np.zeros(v.shape, np.complex64)),
    "big_endian": with_values(lambda v: np.ones(v.shape, ">i4")),
}
ATTRIBUTE_CHANGES = {
    "gone": None, "number": 3, "negative": np.array([-1, 5]), "huge": np.array([2**62, 2**62]), "float": np.nan, "text": "x",
    "nothing": "", "long": "x" * 300, "tall": np.array([2**31 - 2, GENES]), "broad": np.array([CELLS, 2**31 - 2]), "no_elements": np.zeros(0), "empty": h5py.Empty("f4"), "list": np.array(["a", "b", "a"], dtype=object),
    "bytes": b"\xff\xfe", "table": np.zeros(2, [("a", "i4")]),
}


def structural_changes(path):
    """(words that say what changed, a function that changes it in an open file), in a fixed order."""
    objects, root_attributes = objects_of(path)
    for name, attributes in objects:
        for what, change in OBJECT_CHANGES.items():
            yield f"{name} {what}", lambda file, name=name, change=change: change(file, name)
    for name, attributes in [*objects, ("/", root_attributes)]:
        for key in attributes:
            for what, value in ATTRIBUTE_CHANGES.items():
                def change(file, name=name, key=key, value=value):
                    del file[name].attrs[key]
                    if value is not None:
                        file[name].attrs[key] = value
                yield f"{name}@{key} {what}", change
