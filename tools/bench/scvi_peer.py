"""strong_vae beside scvi-tools' SCVI on the same cells, genes and splits: log-likelihood of the test cells' counts and time of training.

    scvi_peer.py [RUNS [DATA]]      RUNS: the finished runs of models.sh (default build/models); DATA: ../shared/data

Needs scvi-tools, scanpy. SCVI has its defaults but for stopping early by the validation cells, which choose strong_vae's weights
too. Variables: SEEDS (all that there are runs of), LIKELIHOODS ("zinb nb", the first is its default). Both log-likelihoods are importance-weighted bounds of 100 draws with the library size known: SCVI
takes the sum of the genes it is given, sparcell that of all genes of the file. What SCVI took is kept in RUNS/scvi_*.json and
not made again.
"""
import json
import logging
import os
import statistics
import sys
import time
import warnings
from pathlib import Path

FILES = {"norman_counts": ("Norman counts, 3,375 x 500", "norman19_counts_3375x500.h5ad"),
         "jurkat": ("Jurkat, 7,500 x 1,000", "jurkat_counts_7500x2000.h5ad"),
         "pbmc": ("PBMC 4k, 2,170 x 1,000", "pbmc4k_33694_10x_v3.h5")}
LIKELIHOODS = os.environ.get("LIKELIHOODS", "zinb nb").split()
SEEDS = os.environ.get("SEEDS", "*").split()
DRAWS, BATCH = 100, 128


def counts_of(run, path):
    """The counts that the run's model saw, and which of its cells were for what."""
    import numpy as np
    import pandas as pd
    import scanpy

    cells = scanpy.read_10x_h5(path) if path.suffix == ".h5" else scanpy.read_h5ad(path)
    split, genes = pd.read_csv(run / "split.csv", dtype={"cell": str}), pd.read_csv(run / "genes.csv")
    at = cells.obs_names.get_indexer(split["cell"])
    assert cells.obs_names.is_unique and (at >= 0).all(), f"{path}: cells of {run} are missing"
    counts = cells[at, genes["column"].to_numpy()].copy()
    counts.X = counts.X.tocsr().astype(np.float32)
    # A cell without a count of these genes has no library, and SCVI no likelihood of it.
    some = np.asarray(counts.X.sum(axis=1)).ravel() > 0
    split = split["split"].to_numpy()[some]
    return counts[some].copy(), [np.flatnonzero(split == part) for part in ("train", "validation", "test")]


def trained(run, path, likelihood, seed):
    import numpy as np
    import scvi

    scvi.settings.seed = seed
    scvi.settings.verbosity = logging.ERROR
    logging.getLogger("lightning").setLevel(logging.ERROR)
    counts, indices = counts_of(run, path)
    scvi.model.SCVI.setup_anndata(counts)
    model = scvi.model.SCVI(counts, gene_likelihood=likelihood)
    begin = time.perf_counter()
    alone = len(indices[0]) % BATCH == 1  # the last cell of an epoch, which SCVI's batch normalization fails on
    model.train(accelerator="cpu", early_stopping=True, batch_size=BATCH, logger=False, enable_progress_bar=False,
                datasplitter_kwargs={"external_indexing": indices, "drop_last": alone})
    seconds = time.perf_counter() - begin
    bound = model.get_marginal_ll(indices=indices[2], n_mc_samples=DRAWS, n_mc_samples_per_pass=10, return_mean=False)
    return {"scvi-tools": scvi.__version__, "iwelbo": float(np.mean(np.asarray(bound))), "cells": len(indices[2]), "seconds": seconds}


def peer(run, path, likelihood, seed):
    kept = run.parent / f"scvi_{run.name.removeprefix('vae_')}_{likelihood}.json"
    if not kept.exists():
        kept.write_text(json.dumps(trained(run, path, likelihood, seed)) + "\n")
    return json.loads(kept.read_text())


def ours(run):
    model = json.loads((run / "result.json").read_text())["models"]["vae"]
    return {"iwelbo": model["test"]["iwelbo"], "seconds": model["cost"]["train_seconds"]}


def cell(rows):
    bounds = [row["iwelbo"] for row in rows]
    spread = f" ± {statistics.stdev(bounds):.1f}" if len(bounds) > 1 else ""
    return f"{statistics.fmean(bounds):.1f}{spread} | {statistics.median(row['seconds'] for row in rows):.1f}"


def main():
    warnings.filterwarnings("ignore")
    given = sys.argv[1:]
    runs, data = Path(given[0] if given else "build/models"), Path(given[1] if len(given) > 1 else "../shared/data")
    print("| data | seeds | strong_vae | seconds | " + " | ".join(f"SCVI {name} | seconds" for name in LIKELIHOODS) + " |")
    print("| --- " * (4 + 2 * len(LIKELIHOODS)) + "|")
    for name, (title, file) in FILES.items():
        found = sorted(path for seed in SEEDS for path in runs.glob(f"vae_{name}_{seed}/result.json"))
        rows = [[ours(path.parent), *(peer(path.parent, data / file, likelihood, int(path.parent.name.rsplit("_", 1)[1]))
                                      for likelihood in LIKELIHOODS)] for path in found]
        if rows:
            print(f"| {title} | {len(rows)} | " + " | ".join(cell(column) for column in zip(*rows, strict=True)) + " |", flush=True)


if __name__ == "__main__":
    main()
