"""A whole evaluation against scikit-learn and scipy doing the same list, in one run on the same cells.

    python tools/bench/evaluation.py BUILD [--test 15000] [--train 15000] [--genes 5000] [--threads 2] [--no-peer]

Both judge one model's reconstruction, generated cells and latent space. The peer does this once, for the model alone; ours
does the same for every baseline and real halves too (six further samples), with intervals: that is what a run costs.
Values are compared to 1e-3 of the number before a ratio is printed. On a busy machine the ratio of CPU seconds is the one to believe;
OMP_WAIT_POLICY=passive keeps waiting threads out of them.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("build", type=Path)
parser.add_argument("--test", type=int, default=15000)
parser.add_argument("--train", type=int, default=15000)
parser.add_argument("--genes", type=int, default=5000)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--no-peer", action="store_true")
options = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(options.threads)

import numpy as np  # noqa: E402
from scipy import sparse  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))
LABELS, LATENT, COMPONENTS = 60, 32, 50


def cells(count, random, loadings, labels):
    """Log-normalized counts of about a tenth of the genes; programs and perturbations move them together."""
    rates = np.exp(random.normal(size=(count, loadings.shape[0]), scale=0.6) @ loadings - 2.6 + 0.1 * (labels[:, None] % 7))
    return np.log1p(random.poisson(rates) * 1.5).astype(np.float32)


def write(folder):
    random = np.random.default_rng(0)
    count = options.train + options.test
    loadings = random.normal(size=(20, options.genes), scale=0.3)
    labels = random.integers(0, LABELS, count).astype(np.int32)
    dense = np.vstack([cells(min(5000, count - first), random, loadings, labels[first:first + 5000])
                       for first in range(0, count, 5000)])
    generated = 0.9 * cells(options.test, random, loadings, labels[:options.test])
    projection = random.normal(size=(options.genes, LATENT)).astype(np.float32) / np.sqrt(options.genes)
    latent = (dense @ projection).astype(np.float32)
    x = sparse.csr_matrix(dense)
    print(f"{options.train} training and {options.test} test cells, {options.genes} genes, {100 * x.nnz / dense.size:.0f} % not zero, "
          f"{LABELS} perturbations, {options.threads} threads")
    np.array([count, options.genes, options.train], np.int64).tofile(folder / "shape.i64")
    x.indptr.astype(np.int64).tofile(folder / "offsets.i64")
    x.indices.astype(np.int32).tofile(folder / "indices.i32")
    x.data.tofile(folder / "values.f32")
    labels.tofile(folder / "labels.i32")
    generated.astype(np.float32).tofile(folder / "generated.f32")
    latent.tofile(folder / "latent.f32")
    return dense, generated, latent, labels


def peer(dense, generated, latent, labels):
    import metrics
    from sklearn.decomposition import PCA

    train, test = dense[: options.train], dense[options.train:]
    order = metrics.test_order(0, len(test))
    start, cpu = time.perf_counter(), time.process_time()
    values = metrics.reconstruction(test, np.where(test > 0, 0.75 * test, 0.0625))
    pca = PCA(n_components=LATENT, svd_solver="covariance_eigh").fit(train)
    baseline = metrics.reconstruction(test, pca.inverse_transform(pca.transform(test)))
    values |= metrics.generation(test[order], generated, train, COMPONENTS, 0, "covariance_eigh")  # the fastest exact one here
    test_labels = labels[options.train:]
    values |= metrics.pseudobulk(test, np.where(test > 0, 0.75 * test, 0.0625), test_labels, train, labels[: options.train])
    values |= metrics.latent(latent[: options.train], labels[: options.train], latent[options.train:], test_labels)
    metrics.k_means(latent[options.train:], LABELS, starts=3)
    return (time.perf_counter() - start, time.process_time() - cpu), values, baseline


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arrays = write(folder)
        ours = json.loads(subprocess.run([options.build / "bench_evaluation", folder, str(options.threads)], check=True,
                                         capture_output=True, text=True).stdout)
    print(f"sparcell: {ours['seconds']:.1f} s ({ours['cpu_seconds']:.1f} s of CPU), {ours['megabytes_beyond_data']:.0f} MB beyond the data, with all baselines and intervals")
    if options.no_peer:
        return 0
    (seconds, cpu), values, baseline = peer(*arrays)
    different = 0
    for name, expected in {"model": values, "pca": baseline}.items():
        for key, number in expected.items():
            value = ours["values"][name].get(key)
            if value is not None and abs(value - number) > 1e-3 * max(1, abs(number)):
                print(f"  {name} {key}: {value}, the peer has {number}")
                different += 1
    print(f"scikit-learn and scipy, the model alone: {seconds:.1f} s ({cpu:.1f} s of CPU); {different} values differ")
    if different == 0:
        print(f"ratio {seconds / ours['seconds']:.1f} of seconds, {cpu / ours['cpu_seconds']:.1f} of CPU seconds")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
