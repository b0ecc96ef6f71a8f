"""What scikit-learn, scipy and numpy make of a small matrix: the oracle of tests/evaluate.

    python tools/golden/evaluate.py tests/golden/evaluate.json

Needs the packages of tools/requirements-interop.txt. The matrix is the formula `value` below, which the test writes too; the first TRAIN
cells train, the others test. Generated cells are `value` of other cells, scaled; the latent space is a few genes.
"""
import json
import sys

import numpy as np
from metrics import agreement_with, generation, k_means_from, latent, linear_model, pseudobulk, reconstruction, test_order
from sklearn.decomposition import PCA

CELLS, TRAIN, GENES = 90, 60, 12
LATENT, COMPONENTS = 4, 3
SEED, LABELS = 17, 3
PERTURBED = [[1], [2, 5]]  # genes of the perturbations g1 and g2+g5


def value(cell, gene):
    """Non-negative, sparse, in multiples of 1/64 (so exact in f32); gene 3 is 0 in all cells, gene 7 in test cells."""
    if gene == 3 or (gene == 7 and TRAIN <= cell < CELLS):
        return 0.0
    mixed = (cell * cell * 31 + cell * gene * 17 + gene * gene * 13 + cell * 7) % 257
    return 0.0 if mixed < 120 else (mixed - 120) / 64 + (gene % 3) * (cell % 5) / 8


def main(output):
    x = np.array([[value(c, g) for g in range(GENES)] for c in range(CELLS)])
    train, test = x[:TRAIN], x[TRAIN:]
    # The model of the test: a fixed map of each cell's own values.
    guess = (0.75 * test + 0.125).astype(np.float32)
    generated = np.array([[value(c + 100, g) * 0.5 - 0.03125 * (g % 2) for g in range(GENES)] for c in range(CELLS - TRAIN)])
    pca = PCA(n_components=LATENT, svd_solver="full").fit(train)
    labels = np.arange(CELLS) % LABELS
    by_label = np.argsort(labels[TRAIN:], kind="stable")  # the order in which latent spaces are judged
    latent_test, latent_labels = test[by_label, :LATENT], labels[TRAIN:][by_label]
    clusters, inertia = k_means_from(latent_test, latent_test[:LABELS])
    linear = linear_model(train, labels[:TRAIN], [None, *PERTURBED])[labels[TRAIN:]].astype(np.float32)

    def means_of(prediction):
        return pseudobulk(test, prediction, labels[TRAIN:], train, labels[:TRAIN])

    result = {
        "model": reconstruction(test, guess) | means_of(guess),
        "linear": reconstruction(test, linear) | means_of(linear),
        "gene_mean": reconstruction(test, np.broadcast_to(train.mean(axis=0), test.shape)),
        "centroid_mean": reconstruction(
            test, np.broadcast_to(np.mean([train[labels[:TRAIN] == p].mean(axis=0) for p in range(1, LABELS)], axis=0), test.shape)
        ),
        "control_mean": reconstruction(test, np.broadcast_to(train[labels[:TRAIN] == 0].mean(axis=0), test.shape)),
        "pca": reconstruction(test, pca.inverse_transform(pca.transform(test))) | means_of(pca.inverse_transform(pca.transform(test))),
        "explained_variance": pca.explained_variance_.tolist(),
        "absolute_scores_of_first_test_cell": np.abs(pca.transform(test)[0]).tolist(),
        "generated": generation(test[test_order(SEED, len(test))], generated, train, COMPONENTS, SEED),
        "latent": latent(train[:, :LATENT], labels[:TRAIN], latent_test, latent_labels),
        "k_means": {
            "clusters": clusters.tolist(),
            "inertia": inertia,
            **agreement_with(latent_labels, clusters),
        },
    }
    with open(output, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
