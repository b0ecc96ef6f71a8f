"""What scanpy makes of the real count files: the oracle of tests/normalize and tests/select.

    python tools/golden/stations.py ../shared/data tests/golden/stations.json

Needs the packages of tools/requirements-interop.txt. Empty cells and genes are dropped first, as the tests do: scanpy's
median counts cells without counts, and its selections fail on or rank empty genes.
"""
import json
import sys
from pathlib import Path

import anndata
import numpy as np
import scanpy as sc
from scipy import sparse

FILES = {  # file: genes to select
    "jurkat_counts_7500x2000.h5ad": 500,
    "norman19_counts_3375x500.h5ad": 200,
    "pbmc4k_33694_10x_v3.h5": 2000,
    "formats/10x_v3_filtered_feature_bc_matrix.h5": 50,
    "formats/10x_v2_filtered_gene_bc_matrices_h5.h5": 5,
}
SAMPLES = 40


def read_counts(path):
    """Cells x genes in f32 without empty cells and genes."""
    if path.suffix == ".h5ad":
        x = anndata.read_h5ad(path).X
    else:
        x = sc.read_10x_h5(path).X
    x = sparse.csr_matrix(x).astype(np.float32)
    x.eliminate_zeros()
    x = x[np.asarray(x.sum(axis=1)).ravel() > 0]
    x = x[:, np.asarray(x.sum(axis=0)).ravel() > 0]
    x.sort_indices()
    return anndata.AnnData(x)


def log_normalized(counts):
    data = counts.copy()
    target = float(np.median(np.asarray(data.X.sum(axis=1))))
    sc.pp.normalize_total(data)
    sc.pp.log1p(data)
    return data, target


def samples(x):
    """Values all over the matrix: row, place among the row's entries, value."""
    rows = np.linspace(0, x.shape[0] - 1, SAMPLES).astype(int)
    places = [(int(r), int((x.indptr[r + 1] - x.indptr[r]) * i // SAMPLES)) for i, r in enumerate(rows)]
    return [[r, k, float(x.data[x.indptr[r] + k])] for r, k in places]


def scores(counts, normalized, flavor, genes):
    """Every gene's score (NaN: none), or the reason why scanpy has none."""
    if flavor == "variance":
        mean = np.asarray(normalized.X.mean(axis=0, dtype=np.float64)).ravel()
        square = normalized.X.astype(np.float64).power(2)
        return np.asarray(square.mean(axis=0)).ravel() - mean**2
    data = counts if flavor == "seurat_v3" else normalized
    try:
        table = sc.pp.highly_variable_genes(data, flavor=flavor, n_top_genes=genes, inplace=False)
    except Exception as error:  # what scanpy refuses, it refuses in many ways
        return (str(error) or type(error).__name__).split("\n")[0]
    return table["variances_norm" if flavor == "seurat_v3" else "dispersions_norm"].to_numpy(np.float64)


def selection(score, genes):
    """The genes above the last score that is taken, and those that tie with it."""
    ranked = np.where(np.isnan(score), -np.inf, score)
    last = np.sort(ranked)[::-1][genes - 1]
    return {"above": np.flatnonzero(ranked > last).tolist(), "tied": np.flatnonzero(ranked == last).tolist()}


def main(data, out):
    golden = {"scanpy": sc.__version__, "files": {}}
    for name, genes in FILES.items():
        counts = read_counts(Path(data) / name)
        normalized, target = log_normalized(counts)
        values = normalized.X.data.astype(np.float64)
        entry = {
            "cells": counts.n_obs, "genes": counts.n_vars, "target_sum": target,
            "sum": float(values.sum()), "sum_of_squares": float((values**2).sum()),
            "samples": samples(normalized.X), "select": genes, "flavors": {},
        }
        for flavor in ("variance", "seurat", "cell_ranger", "seurat_v3"):
            score = scores(counts, normalized, flavor, genes)
            entry["flavors"][flavor] = {"fails": score} if isinstance(score, str) else selection(score, genes)
        golden["files"][name] = entry
    Path(out).write_text(json.dumps(golden, separators=(",", ":")).replace('"formats', '\n"formats') + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
