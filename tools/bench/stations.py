"""normalize_total + log1p and the selections beside scanpy, in one run on the same cores:

    python tools/bench/stations.py build/release [--repeats N] [--cells N --genes N --density SHARE]

The first call of a process, as a script makes it once, and the median of the calls after it, which find memory that
the process has touched before; scanpy's just-in-time compilation is done before either. The results must agree before a ratio is printed. Needs the packages of tools/requirements-interop.txt.
"""
import argparse
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
GOALS = {"normalize": 4, "seurat": 20}


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


def asked_of(description, repeats):
    """The command line of a benchmark over such counts."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("build", type=Path)
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--density", type=float, default=0.1)
    return parser.parse_args()


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


def scanpy_times(counts, threads, repeats):
    numba.set_num_threads(threads)
    small = anndata.AnnData(counts[:3000])
    log_normalize(small)
    selected(small, "seurat")
    normalized = None
    times = {"normalize": []}
    for _ in range(repeats):
        normalized = anndata.AnnData(counts.copy())
        times["normalize"].append(seconds(lambda: log_normalize(normalized))[0])
    genes = {}
    for flavor in ("seurat", "cell_ranger", "seurat_v3"):
        source = anndata.AnnData(counts) if flavor == "seurat_v3" else normalized
        times[flavor] = []
        for _ in range(repeats):
            took, genes[flavor] = seconds(lambda: selected(source, flavor))
            times[flavor].append(took)
    return times, normalized.X.data, genes


def our_times(program, folder, threads, repeats):
    times = {}
    genes = {}
    for flavor in ("seurat", "cell_ranger", "seurat_v3"):
        out = subprocess.run([program, folder, str(SELECTED), flavor, str(repeats), str(threads)], check=True,
                             capture_output=True, text=True).stdout
        measured = json.loads(out)
        times.setdefault("normalize", measured["normalize"])
        times.setdefault("copy", []).extend(measured["copy"])
        times[flavor] = measured["select"]
        genes[flavor] = np.fromfile(folder / f"selected_{flavor}.i32", np.int32)
    return times, np.fromfile(folder / "normalized.f32", np.float32), genes


def first_and_later(times):
    return times[0], statistics.median(times[1:])


def main():
    asked = asked_of(__doc__.splitlines()[0], repeats=6)
    threads = len(os.sched_getaffinity(0))
    counts = simulated_counts(asked.cells, asked.genes, asked.density)
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), counts)
        ours, our_values, our_genes = our_times(asked.build / "stations_benchmark", Path(name), threads, asked.repeats)
    theirs, their_values, their_genes = scanpy_times(counts, threads, asked.repeats)
    error = np.abs(our_values / their_values - 1).max()
    if not error < 1e-6:
        raise SystemExit(f"the normalized values differ from scanpy's by {error:.1e}: no ratio")
    # One thread copies the values: a read and a write of 4 bytes each.
    copy = min(ours["copy"])
    print(f"{asked.cells:,} x {asked.genes:,}, {counts.nnz / 1e6:.0f} M non-zeros, {threads} threads; values agree to "
          f"{error:.1e}; one thread copies {8e-9 * counts.nnz / copy:.0f} GB/s\n")
    print("| milliseconds | sparcell, first call | scanpy | ratio | sparcell, later calls | scanpy | ratio | goal | same genes |")
    print("|" + " --- |" * 9)
    for label, key in (("normalize_total + log1p", "normalize"), ("`seurat` genes", "seurat"),
                       ("`cell_ranger` genes", "cell_ranger"), ("`seurat_v3` genes", "seurat_v3")):
        same = ""
        if key in our_genes:
            same = f"{100 * len(np.intersect1d(our_genes[key], their_genes[key])) / SELECTED:.1f} %"
        pairs = zip(first_and_later(ours[key]), first_and_later(theirs[key]))
        columns = [f"{1e3 * own:.1f} | {1e3 * peer:.1f} | {peer / own:.1f}" for own, peer in pairs]
        print(f"| {label} | {' | '.join(columns)} | {GOALS.get(key, '')} | {same} |")


if __name__ == "__main__":
    main()
