"""A whole evaluation against scikit-learn and scipy doing the same list, in one run on the same cells.

    python tools/bench/evaluation.py BUILD [--test 15000] [--train 15000] [--genes 5000] [--threads 2] [--no-peer]

Both judge the reconstruction, generated cells and latent space of one model, and of every baseline and real halves: what a run costs
(ours has the intervals and p-values on top). The same of the model alone is timed apart. What samples share, the peer computes once,
as we do: principal components, everything of the real cells, distances that several metrics need (evaluation_peer.py).
Values are compared to 1e-3 of the number before a ratio is printed, those of baselines that each side draws by random numbers of its
own to a tenth. On a busy machine the ratio of CPU seconds is the one to believe; OMP_WAIT_POLICY=passive keeps waiting threads out of
them. Per-gene Wasserstein distances are most of the peer's time as scipy has them; a second ratio is with what one writes in numpy
where samples are of one size: differences of sorted values, each sample sorted once.
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
os.environ["OPENBLAS_THREAD_TIMEOUT"] = "4"  # waiting threads sleep at once: spinning would count as the peer's CPU time

import numpy as np  # noqa: E402
from scipy import sparse  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))
import metrics  # noqa: E402
from evaluation_peer import COMPONENTS, Generation, Phases  # noqa: E402

LABELS, LATENT = 60, 32
DRAWN = ("split_half", "gaussian_pca", "training_cells", "shuffled_genes", "shifted_controls")


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


class Peer:
    """What scikit-learn, scipy and numpy do: `all` judges what our run judges, the model and all baselines and real halves;
    `alone` the model. Without intervals, which no library has for these metrics."""

    def __init__(self, dense, generated, latent, labels):
        self.train, self.test = dense[: options.train], dense[options.train:]
        self.train_labels, self.test_labels = labels[: options.train], labels[options.train:]
        self.generated, self.latent = generated, latent
        self.order = metrics.test_order(0, len(self.test))
        self.phases = Phases()
        directions = metrics.directions(0, 128, COMPONENTS).astype(np.float32)
        self.generation = Generation(self.train, self.test[self.order], directions, self.phases, options.threads)
        self.means = metrics.centroids(self.test, self.test_labels), metrics.centroids(self.train, self.train_labels)
        self.phases.end("reconstruction")

    def reconstruction(self, guess):
        guesses = metrics.centroids(guess, self.test_labels)
        scores = metrics.reconstruction(self.test, guess, np.float32) | metrics.pseudobulk_of(self.means[0], guesses, self.means[1])
        self.phases.end("reconstruction")
        return scores

    def latent_space(self, of_train, of_test):
        scores = metrics.latent(of_train, self.train_labels, of_test, self.test_labels)
        metrics.k_means(of_test, LABELS, starts=3)
        self.phases.end("latent spaces")
        return scores

    def alone(self):
        values = self.reconstruction(np.where(self.test > 0, np.float32(0.75) * self.test, np.float32(0.0625)))
        values |= self.generation.judge(self.generated)
        return values | self.latent_space(self.latent[: options.train], self.latent[options.train:])

    def constant(self, cell):
        return self.reconstruction(np.broadcast_to(cell.astype(np.float32), self.test.shape))

    def baselines(self):
        trained = self.means[1]
        centroid = np.mean([mean for p, mean in trained.items() if p > 0], axis=0)
        values = {"gene_mean": self.constant(self.generation.pca.mean_), "centroid_mean": self.constant(centroid),
                  "control_mean": self.constant(trained[0])}
        components = self.generation.pca.components_[:LATENT]
        scores = (self.test - self.generation.pca.mean_) @ components.T
        guess = scores @ components + self.generation.pca.mean_
        values["pca"] = self.reconstruction(guess)
        values["pca_clamped"] = self.reconstruction(np.maximum(guess, 0))
        values["pca"] |= self.latent_space((self.train - self.generation.pca.mean_) @ components.T, scores)
        random = np.random.default_rng(1)
        values["split_half"] = self.generation.split_half(random)
        for name, draw in self.draws(centroid, random).items():
            cells = draw()
            self.phases.end("drawing")
            values[name] = self.generation.judge(cells)
        return values

    def draws(self, centroid, random):
        """As our baselines, by random numbers of their own."""
        pca, train, count = self.generation.pca, self.train, len(self.test)
        controls, shifts = train[self.train_labels == 0], np.zeros((LABELS, options.genes), np.float32)
        for p, mean in self.means[1].items():
            shifts[p] = mean - self.means[1][0]
        perturbed = self.train_labels[self.train_labels > 0]

        def gaussian():
            deviations = np.sqrt(pca.explained_variance_).astype(np.float32)
            return random.normal(size=(count, COMPONENTS)).astype(np.float32) * deviations @ pca.components_ + pca.mean_

        def shifted():
            return controls[random.integers(len(controls), size=count)] + shifts[random.choice(perturbed, count)]

        rows = np.arange(count) % len(train)
        return {"gaussian_pca": gaussian, "training_cells": lambda: train[random.permutation(len(train))[rows]],
                "shuffled_genes": lambda: random.permuted(train, axis=0)[rows], "shifted_controls": shifted}


def ours(folder, *arguments):
    return json.loads(subprocess.run([options.build / "bench_evaluation", folder, str(options.threads), *arguments], check=True,
                                     capture_output=True, text=True).stdout)


def differing(values, expected, drawn):
    """How many values differ by more than 1e-3 of the number; of baselines that each side draws, by a tenth."""
    different = 0
    for name, numbers in expected.items():
        assert name in values, f"our run has no {name}"
        for key, number in numbers.items():
            value = values[name].get(key)
            if key == "gene_r2" or value is None or number is None:
                continue
            if abs(value - number) > (0.1 if name in drawn else 1e-3) * max(1, abs(number)):
                print(f"  {name} {key}: {value}, the peer has {number}")
                different += 1
    return different


def said(result):
    return f"{result['seconds']:.1f} s, {result['cpu_seconds']:.1f} s of CPU, {result['megabytes_beyond_data']:.0f} MB beyond the data"


def report(what, result, totals, different):
    print(what)
    print(f"  sparcell: {said(result)}")
    for peer, (seconds, cpu) in zip(("scikit-learn and scipy", "with Wasserstein distances by sorting in numpy"), totals):
        ratio = f"ratio {seconds / result['seconds']:.1f} of seconds, {cpu / result['cpu_seconds']:.1f} of CPU seconds"
        print(f"  {peer}: {seconds:.1f} s, {cpu:.1f} s of CPU; {ratio if different == 0 else f'{different} values differ'}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arrays = write(folder)
        everything, alone = ours(folder), ours(folder, "alone")
    if options.no_peer:
        for what, result in {"all": everything, "the model alone": alone}.items():
            print(f"{what}: {said(result)}")
        return 0
    peer = Peer(*arrays)
    model = peer.alone()
    totals_alone = peer.phases.totals()
    baselines = peer.baselines()
    different_alone = differing(alone["values"], {"model": model}, ())
    different = differing(everything["values"], {"model": model} | baselines, DRAWN)
    report("The model alone", alone, totals_alone, different_alone)
    report("The same samples: the model, every baseline and real halves (ours with intervals and p-values)", everything,
           peer.phases.totals(), different)
    for what, (seconds, cpu) in peer.phases.spent.items():
        print(f"    the peer's {what}: {seconds:.1f} s, {cpu:.1f} s of CPU")
    return int(different + different_alone > 0)


if __name__ == "__main__":
    sys.exit(main())
