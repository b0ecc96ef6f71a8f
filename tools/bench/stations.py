"""normalize_total + log1p and the selections beside scanpy, in one run on the same cores:

    python tools/bench/stations.py build/release [CELLS GENES DENSITY]

20,000 x 20,000 with 10 % non-zeros where nothing else is said. Medians over repeats; scanpy's just-in-time compilation is
done before. The results must agree before a ratio is printed. Needs the packages of tools/requirements-interop.txt.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import anndata
import numba
import numpy as np
import scanpy as sc
from scipy import sparse

warnings.filterwarnings("ignore")
SELECTED = 2000
REPEATS = 5
GOALS = {"normalize_total + log1p": 4, "seurat genes": 20}


def simulated_counts(cells, genes, density, seed=0):
    """Sparse counts: each entry is 1 + geometric, genes differ in how often they are seen."""
    random = np.random.default_rng(seed)
    seen = random.gamma(0.8, size=genes)
    seen = np.minimum(seen * density / seen.mean(), 0.9)
    per_cell = []
    for _ in range(cells):
        per_cell.append(np.flatnonzero(random.random(genes, dtype=np.float32) < seen).astype(np.int32))
    indices = np.concatenate(per_cell)
    offsets = np.concatenate([[0], np.cumsum([len(c) for c in per_cell])])
    values = random.geometric(0.6, len(indices)).astype(np.float32)
    return sparse.csr_matrix((values, indices, offsets), shape=(cells, genes))


def write(folder, counts):
    np.array(counts.shape, np.int64).tofile(folder / "shape.i64")
    counts.indptr.astype(np.int64).tofile(folder / "offsets.i64")
    counts.indices.astype(np.int32).tofile(folder / "indices.i32")
    counts.data.tofile(folder / "values.f32")


def log_normalize(data):
    sc.pp.normalize_total(data)
    sc.pp.log1p(data)


def selected(data, flavor):
    table = sc.pp.highly_variable_genes(data, flavor=flavor, n_top_genes=SELECTED, inplace=False)
    return np.flatnonzero(table["highly_variable"])


def seconds(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def scanpy_times(counts, threads):
    numba.set_num_threads(threads)
    small = anndata.AnnData(counts[:3000])
    log_normalize(small)
    selected(small, "seurat")
    normalized = None
    times = {"normalize": []}
    for _ in range(REPEATS):
        normalized = anndata.AnnData(counts.copy())
        times["normalize"].append(seconds(lambda: log_normalize(normalized))[0])
    genes = {}
    for flavor in ("seurat", "cell_ranger", "seurat_v3"):
        source = anndata.AnnData(counts) if flavor == "seurat_v3" else normalized
        took, genes[flavor] = seconds(lambda: selected(source, flavor))
        times[flavor] = [took]
    return times, normalized.X.data, genes


def our_times(program, folder, threads):
    times = {}
    genes = {}
    for flavor in ("seurat", "cell_ranger", "seurat_v3"):
        out = subprocess.run([program, folder, str(SELECTED), flavor, str(REPEATS), str(threads)], check=True,
                             capture_output=True, text=True).stdout
        measured = json.loads(out)
        times.setdefault("normalize", []).extend(measured["normalize"])
        times.setdefault("copy", []).extend(measured["copy"])
        times[flavor] = measured["select"]
        genes[flavor] = np.fromfile(folder / f"selected_{flavor}.i32", np.int32)
    return times, np.fromfile(folder / "normalized.f32", np.float32), genes


def main(build, cells=20000, genes=20000, density=0.1):
    threads = len(os.sched_getaffinity(0))
    counts = simulated_counts(int(cells), int(genes), float(density))
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), counts)
        ours, our_values, our_genes = our_times(Path(build) / "stations_benchmark", Path(name), threads)
    theirs, their_values, their_genes = scanpy_times(counts, threads)
    error = np.abs(our_values / their_values - 1).max()
    if not error < 1e-6:
        raise SystemExit(f"the normalized values differ from scanpy's by {error:.1e}: no ratio")
    cells, genes = counts.shape
    print(f"{cells} x {genes}, {counts.nnz} non-zeros, {threads} threads; values agree to {error:.1e}")
    # One thread copies the values: a read and a write of 4 bytes each.
    copy = min(ours["copy"])
    print(f"copy of the values (one thread): {copy * 1e3:.1f} ms, {8e-9 * counts.nnz / copy:.1f} GB/s")
    rows = [("normalize_total + log1p", "normalize"), ("seurat genes", "seurat"),
            ("cell_ranger genes", "cell_ranger"), ("seurat_v3 genes", "seurat_v3")]
    print(f"{'':24} {'sparcell ms':>12} {'range':>16} {'scanpy ms':>10} {'ratio':>7} {'goal':>5}  shared genes")
    for label, key in rows:
        mine, peer = statistics.median(ours[key]), statistics.median(theirs[key])
        spread = f"{min(ours[key]) * 1e3:.1f}-{max(ours[key]) * 1e3:.1f}"
        same = ""
        if key in our_genes:
            same = f"{len(np.intersect1d(our_genes[key], their_genes[key])) / SELECTED:.4f}"
        goal = GOALS.get(label, "")
        print(f"{label:24} {mine * 1e3:12.1f} {spread:>16} {peer * 1e3:10.1f} {peer / mine:7.1f} {goal:>5}  {same}")


if __name__ == "__main__":
    main(*sys.argv[1:])
