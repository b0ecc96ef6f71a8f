"""Prints the table of tests/read/real_files_test.cpp: what anndata and scanpy find in the files of ../shared/data.

    python tools/golden/real_files.py ../shared/data
"""

import sys
import warnings
from pathlib import Path

import anndata
import numpy as np
import scanpy
import scipy.sparse as sp

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])


def line(path, matrix, name):
    csr = sp.csr_matrix(matrix).astype(np.float32)
    csr.eliminate_zeros()
    total = csr.data.astype(np.float64).sum()
    # A sum that sees where values stand.
    coo = csr.tocoo()
    place = ((coo.row % 97 + 1.0) * (coo.col % 89 + 1.0) * coo.data).sum()
    print(f'    {{"{path.relative_to(folder)}", "{name}", {csr.shape[0]}, {csr.shape[1]}, {csr.nnz}, {float(total)!r}, {float(place)!r}}},')


archives = [folder / f"formats/anndata_archive_v{version}.h5ad" for version in ("0.5.0", "0.7.0")]
for path in [*sorted(folder.glob("*.h5ad")), *archives]:
    data = anndata.read_h5ad(path)
    line(path, data.X, "X")
    for name, matrix in data.layers.items():
        line(path, matrix, f"layers/{name}")
    if data.raw is not None:
        line(path, data.raw.X, "raw")
for path in [*sorted(folder.glob("*10x*.h5")), *sorted(folder.glob("formats/10x*.h5"))]:
    line(path, scanpy.read_10x_h5(path).X, "")
for path in [folder / "formats/10x_v3_mtx", folder / "pbmc4k_10x_mtx"]:
    line(path, scanpy.read_10x_mtx(path, make_unique=False).X, "")
