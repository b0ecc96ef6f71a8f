"""Random cells in AnnData files, 10 % dense, for timings: values do not matter, where the zeros are does not either."""
import h5py
import numpy as np
import torch

DENSITY = 0.1


def write_table(file, name, size, prefix):
    group = file.create_group(name)
    group.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
    group.attrs["column-order"] = np.array([], dtype=h5py.string_dtype())
    index = group.create_dataset("_index", data=[f"{prefix}{i}" for i in range(size)], dtype=h5py.string_dtype())
    index.attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})


def write_random(path, cells, genes, draw):
    """Writes X as CSR; every gene and cell has about the same number of entries, whose values draw(random, size) gives."""
    random = np.random.default_rng(genes)
    per_cell = random.binomial(genes, DENSITY, cells)
    columns = [np.sort(random.choice(genes, size, replace=False)) for size in per_cell]
    with h5py.File(path, "w") as file:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        x = file.create_group("X")
        x.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": [cells, genes]})
        x["indptr"] = np.concatenate([[0], np.cumsum(per_cell)]).astype(np.int64)
        x["indices"] = np.concatenate(columns).astype(np.int32)
        x["data"] = draw(random, int(per_cell.sum())).astype(np.float32)
        write_table(file, "obs", cells, "cell")
        write_table(file, "var", genes, "gene")


def dense_cells(path, cells, genes):
    """Log-normalized look; written where the file is missing, and returned as a dense tensor."""
    if not path.exists():
        write_random(path, cells, genes, lambda random, size: np.log1p(random.gamma(2.0, 1.0, size)))
    with h5py.File(path) as file:
        indptr, indices, data = (file["X"][key][()] for key in ("indptr", "indices", "data"))
    dense = np.zeros((cells, genes), np.float32)
    dense[np.repeat(np.arange(cells), np.diff(indptr)), indices] = data
    return torch.from_numpy(dense)
