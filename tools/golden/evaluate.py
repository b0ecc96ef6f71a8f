"""What scikit-learn, scipy and numpy make of a small matrix: the oracle of tests/evaluate.

    python tools/golden/evaluate.py tests/golden/evaluate.json

Needs the packages of tools/requirements-interop.txt. The matrix is the formula `value` below, which the test writes too; the first TRAIN
cells train, the others test. Generated cells are `value` of other cells, scaled.
"""
import json
import sys
import warnings

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import pearsonr
from sklearn.decomposition import PCA
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

CELLS, TRAIN, GENES = 90, 60, 12
LATENT, COMPONENTS = 4, 3


def value(cell, gene):
    """Non-negative, sparse, in multiples of 1/64 (so exact in f32); gene 3 is 0 in all cells, gene 7 in test cells."""
    if gene == 3 or (gene == 7 and TRAIN <= cell < CELLS):
        return 0.0
    mixed = (cell * cell * 31 + cell * gene * 17 + gene * gene * 13 + cell * 7) % 257
    return 0.0 if mixed < 120 else (mixed - 120) / 64 + (gene % 3) * (cell % 5) / 8


def reconstruction(real, guess):
    real, guess = real.astype(np.float64), guess.astype(np.float64)
    r2 = [r2_score(real[:, g], guess[:, g]) for g in range(GENES)]
    varies = real.std(axis=0) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pearson = np.array([pearsonr(real[:, g], guess[:, g])[0] for g in range(GENES)])
    return {
        "mse": mean_squared_error(real, guess),
        "mae": mean_absolute_error(real, guess),
        "r2": r2_score(real, guess, multioutput="uniform_average"),
        "r2_varying": float(np.mean(np.array(r2)[varies])),
        "varying_genes": int(varies.sum()),
        "pearson_per_gene": float(np.nanmean(pearson)) if np.isfinite(pearson).any() else None,
        "pearson_undefined": int(np.isnan(pearson).sum()),
        "gene_r2": r2,
    }


def energy(x, y):
    m, n = len(x), len(y)
    return 2 * cdist(x, y).mean() - cdist(x, x).sum() / (m * (m - 1)) - cdist(y, y).sum() / (n * (n - 1))


def generation(real, generated, pca):
    means = [real.mean(axis=0), generated.mean(axis=0)]
    near = [(np.abs(real) < 0.05).mean(axis=0), (np.abs(generated) < 0.05).mean(axis=0)]
    exact = [(real == 0).mean(axis=0), (generated == 0).mean(axis=0)]
    return {
        "energy_distance": energy(pca.transform(real), pca.transform(generated)),
        "zero_fraction_error": np.abs(near[0] - near[1]).mean(),
        "exact_zero_fraction_error": np.abs(exact[0] - exact[1]).mean(),
        "mean_pearson_squared": pearsonr(*means)[0] ** 2,
        "variance_ratio": generated.var(axis=0).mean() / real.var(axis=0).mean(),
    }


def main(output):
    x = np.array([[value(c, g) for g in range(GENES)] for c in range(CELLS)])
    train, test = x[:TRAIN], x[TRAIN:]
    # The model of the test: a fixed map of each cell's own values.
    guess = (0.75 * test + 0.125).astype(np.float32)
    generated = np.array([[value(c + 100, g) * 0.5 - 0.03125 * (g % 2) for g in range(GENES)] for c in range(CELLS - TRAIN)])
    pca = PCA(n_components=LATENT, svd_solver="full").fit(train)
    space = PCA(n_components=COMPONENTS, svd_solver="full").fit(train)
    result = {
        "model": reconstruction(test, guess),
        "gene_mean": reconstruction(test, np.broadcast_to(train.mean(axis=0), test.shape)),
        "pca": reconstruction(test, pca.inverse_transform(pca.transform(test))),
        "explained_variance": pca.explained_variance_.tolist(),
        "absolute_scores_of_first_test_cell": np.abs(pca.transform(test)[0]).tolist(),
        "generated": generation(test, generated, space),
    }
    with open(output, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
