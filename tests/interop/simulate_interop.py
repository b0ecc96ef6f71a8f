"""A simulated file opens in anndata without a warning, with the counts and the truth that it names."""

import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np

warnings.simplefilter("error")
import anndata  # noqa: E402  (its import must not warn either)


def check(path):
    data = anndata.read_h5ad(path)
    assert data.shape == (600, 300), data.shape
    counts = data.X.toarray()
    assert np.array_equal(counts, np.round(counts)) and counts.min() == 0
    assert 0.15 < (counts > 0).mean() < 0.25, (counts > 0).mean()

    labels = data.obs["perturbation"]
    assert labels.dtype == "category" and "control" in labels.cat.categories
    parts = labels.astype(str).map(lambda label: 0 if label == "control" else 1 + label.count("_"))
    assert (parts == data.obs["nperts"]).all()
    names = list(data.uns["simulation"]["effects_perturbations"])
    assert sorted(names + ["control"]) == sorted(labels.cat.categories)
    assert data.varm["effects"].shape == (300, len(names))
    assert int(data.uns["simulation"]["seed"]) == 5

    # A perturbed gene is more abundant in the cells that it was activated in.
    name = names[0]
    inside = counts[(labels == name).to_numpy(), data.var_names.get_loc(name)].mean()
    outside = counts[(labels == "control").to_numpy(), data.var_names.get_loc(name)].mean()
    assert inside > outside, (inside, outside)


def main():
    program = pathlib.Path(sys.argv[1]) / "sparcell"
    if not program.exists():
        print(f"skipped: {program} is not built")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "simulated.h5ad")
        options = "--cells 600 --genes 300 --perturbations 6 --doubles 4 --density 0.2 --seed 5"
        subprocess.run([program, "simulate", path, *options.split()], check=True)
        check(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
