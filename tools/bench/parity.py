"""Prints the runs of parity.sh beside PyTorch's figures as a Markdown table; exit code 1 where a mean is too far off.

A mean over n runs agrees if it lies within 3 s sqrt(1/n + 1/m) of PyTorch's, s and m being PyTorch's standard deviation and
number of seeds. PyTorch 2.15, CPU, course configs, 50 epochs, weights of the last epoch, measured for this project.
"""
import json
import math
import statistics
import sys
from pathlib import Path

# run, path in result.json, what it is, PyTorch's mean, standard deviation, seeds
FIGURES = [
    ("ae", "models.ae.test.mse", "AE mean squared error", 0.00664, 0.00024, 20),
    ("ae", "models.ae.test.r2_varying", "AE r2, varying genes", 0.034, 0.010, 20),
    ("vae", "models.vae.test.mse", "VAE mean squared error (z drawn)", 0.01292, 0.00031, 20),
    ("vae", "models.vae.test.kl", "VAE KL", 0.0190, 0.0022, 20),
    ("gan", "models.gan.loss.discriminator", "GAN discriminator loss", 0.6565, 0.0026, 8),
    ("gan", "models.gan.loss.generator", "GAN generator loss", 0.9750, 0.0067, 8),
    ("gan", "models.gan.loss.penalty", "GAN penalty, unweighted", 0.6156, 0.0044, 8),
    ("gan", "models.gan.test.energy_distance", "GAN energy distance, 50 PCs", 0.153, 0.027, 8),
    ("ae", "baselines.gene_mean.test.mse", "gene means, mean squared error", 0.01574, 0.00039, 20),
    ("ae", "baselines.pca.test.mse", "PCA 64, mean squared error", 0.000631, 0.000051, 20),
    ("ae", "baselines.pca.test.r2_varying", "PCA 64, r2, varying genes", 0.420, 0.021, 20),
]


def figure(result, path):
    value = json.loads(result.read_text())
    for key in path.split("."):
        if key not in value:
            raise SystemExit(f"{result} has no {path}")
        value = value[key]
    return value


def main():
    folder = Path(sys.argv[1])
    failed = False
    print("| figure on test cells | sparcell: mean | s | seeds | PyTorch: mean | s | seeds | difference / allowed | |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for run, path, title, mean, deviation, seeds in FIGURES:
        results = sorted(folder.glob(f"{run}_*/result.json"))
        if not results:
            raise SystemExit(f"{folder}: no finished run {run}_<seed>; start tools/bench/parity.sh")
        ours = [figure(result, path) for result in results]
        spread = statistics.stdev(ours) if len(ours) > 1 else math.nan
        allowed = 3 * deviation * math.sqrt(1 / len(ours) + 1 / seeds)
        share = (statistics.fmean(ours) - mean) / allowed
        agrees = abs(share) <= 1
        failed |= not agrees
        print(f"| {title} | {statistics.fmean(ours):.4g} | {spread:.2g} | {len(ours)} | {mean} | {deviation} | {seeds} "
              f"| {share:+.2f} | {'pass' if agrees else 'FAIL'} |")
    print("\n" + ("Some means are further than 3 s sqrt(1/n + 1/m) from PyTorch's." if failed
                  else "Every mean lies within 3 s sqrt(1/n + 1/m) of PyTorch's."))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
