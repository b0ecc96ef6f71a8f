"""One run at the size of the GEARS distribution of Norman et al. 2019, simulated: time by stage and peak memory."""
import subprocess

import h5py

CELLS, GENES, LATENT = 91_205, 5_045, 64


def run(sparcell, folder, run_sparcell, print_table):
    data = folder / "full_size.h5ad"
    if not data.exists():
        subprocess.run([sparcell, "simulate", str(data), "--cells", str(CELLS), "--genes", str(GENES), "--perturbations",
                        "105", "--doubles", "131", "--seed", "1"], check=True, capture_output=True)
    with h5py.File(data) as file:
        nonzeros = len(file["X/data"])
    result = run_sparcell("full_size", {
        "read": {"path": str(data)},
        "normalize": {"target_sum": "median", "log1p": True},
        "select": {"flavor": "all"},
        "model": {"ae": {"type": "autoencoder", "hidden": [512, 128], "latent": LATENT, "dropout": [0.2, 0.1]}},
        "train": {"epochs": 2, "batch": 256},
    })
    csr = 8 * nonzeros + 8 * (CELLS + 1)
    # Parameters, gradients and two moments in f32, and the best weights.
    models = 5 * 4 * result["models"]["ae"]["parameters"]
    allowed = 2 * csr + models + 300e6 + 16 * GENES**2
    peak = result["peak_memory_bytes"]
    print_table([f"{CELLS:,} x {GENES:,}, AE, 2 epochs, {nonzeros / 1e6:.0f} M non-zeros", *result["stages"], "peak memory",
                 "allowed"],
                [["seconds", *(f"{seconds:.1f}" for seconds in result["stages"].values()), f"{peak / 1e9:.2f} GB",
                  f"{allowed / 1e9:.2f} GB (2 x {csr / 1e9:.2f} CSR + models + 0.3 + 16 G^2)"]])
