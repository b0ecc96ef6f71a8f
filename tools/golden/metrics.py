"""Every metric of src/evaluate as scikit-learn, scipy and numpy compute it: the oracle of golden files and interop tests.

Needs the packages of tools/requirements-interop.txt. Everything is f64; `real` and `train` are cells x genes.
"""
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import linregress, pearsonr, wasserstein_distance
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import (
    adjusted_rand_score,
    mean_absolute_error,
    mean_squared_error,
    normalized_mutual_info_score,
    r2_score,
    roc_auc_score,
    silhouette_samples,
)
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NearestNeighbors

sys.path.insert(0, str(Path(__file__).resolve().parent))
from philox import normal, words  # noqa: E402

EVALUATION = 10  # Purpose::evaluation
GROUPS, DIRECTIONS = 0, 4  # its streams
GAMMAS = (2, 1, 0.5, 0.1, 0.01, 0.005)


def test_order(seed, count):
    """The random order in which test cells are judged."""
    keys = words(seed, EVALUATION, GROUPS, 0, count)[:count]
    return np.lexsort((np.arange(count), keys))


def directions(seed, count, dimensions):
    even = dimensions + dimensions % 2
    vectors = normal(seed, EVALUATION, DIRECTIONS, 0, count * even).reshape(count, even)[:, :dimensions]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def signed(pca):
    """The components with the largest loading of each positive."""
    largest = np.abs(pca.components_).argmax(axis=1)
    signs = np.sign(pca.components_[np.arange(len(largest)), largest])
    pca.components_ *= signs[:, None]
    return pca


def reconstruction(real, guess, numbers=np.float64):
    """Of the values, and of the normalized counts that they are logarithms of."""
    counts = gene_scores(*(np.expm1(np.maximum(values, 0).astype(np.float64)) for values in (real, guess)))
    kept = ("mse", "mae", "r2", "r2_varying", "pearson_per_gene")
    return gene_scores(real, guess, numbers) | {f"counts_{key}": counts[key] for key in kept}


def gene_scores(real, guess, numbers=np.float64):
    real, guess = real.astype(numbers, copy=False), guess.astype(numbers, copy=False)
    r2 = r2_score(real, guess, multioutput="raw_values")
    varies = np.ptp(real, axis=0) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pearson = pearsonr(real, guess, axis=0).statistic
    return {
        "mse": mean_squared_error(real, guess),
        "mae": mean_absolute_error(real, guess),
        "r2": float(np.mean(r2)),
        "r2_varying": float(np.mean(r2[varies])),
        "varying_genes": int(varies.sum()),
        "pearson_per_gene": float(np.nanmean(pearson)) if np.isfinite(pearson).any() else None,
        "pearson_undefined": int(np.isnan(pearson).sum()),
        "gene_r2": r2.tolist(),
    }


def centroids(cells, labels):
    """Mean of every label's cells: {label: mean}; 0 is the control, below 0 is no label."""
    return {p: cells[labels == p].mean(axis=0, dtype=np.float64) for p in np.unique(labels) if p >= 0}


def change(mean, reference):
    """Differences that f32 cannot tell from 0 are 0."""
    difference = mean - reference
    return np.where(np.abs(difference) <= 4 * np.finfo(np.float32).eps * np.abs(reference), 0, difference)


def correlation(a, b):
    return pearsonr(a, b)[0] if np.ptp(a) > 0 and np.ptp(b) > 0 else np.nan


def cosine(a, b):
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    return a @ b / norms if norms > 0 else np.nan


def pseudobulk(real, guess, labels, train, train_labels):
    """Of every perturbation with test cells, the control aside."""
    return pseudobulk_of(centroids(real, labels), centroids(guess.astype(np.float64), labels), centroids(train, train_labels))


def pseudobulk_of(means, guesses, trained):
    """The same from the means of test cells, of their reconstructions and of training cells."""
    perturbations = [p for p in means if p > 0]
    control, centroid = trained.get(0), np.mean([mean for p, mean in trained.items() if p > 0], axis=0)
    y, y_hat = (np.array([of[p] for p in perturbations]) for of in (means, guesses))
    apart = cdist(y_hat, y)
    rows = []
    for p in range(len(perturbations)):
        error, own = y_hat[p] - y[p], apart[p, p]
        row = {
            "pseudobulk_mse": np.mean(error**2),
            "pseudobulk_mae": np.mean(np.abs(error)),
            "pseudobulk_l2": np.linalg.norm(error),
            "centroid_pearson": correlation(change(y_hat[p], centroid), change(y[p], centroid)),
            "centroid_accuracy": np.sum(apart[p] > own) / (len(perturbations) - 1) if len(perturbations) > 1 else np.nan,
        }
        if control is not None:
            a, b = change(y_hat[p], control), change(y[p], control)
            row |= {"delta_pearson": correlation(a, b), "delta_cosine": cosine(a, b)}
            row["delta_sign_accuracy"] = np.mean((a * b > 0)[b != 0])
        rows.append(row)
    return {key: float(np.nanmean([row[key] for row in rows])) for key in rows[0] if np.isfinite([row[key] for row in rows]).any()}


def linear_model(train, labels, genes, components=10, ridge=0.1):
    """The mean cell of every perturbation by Y - b = G K P^T; genes[p] are the columns of the perturbed genes, None where one is missing."""
    pca = PCA(n_components=components, svd_solver="full").fit(train)
    loadings = pca.components_.T * np.sqrt(pca.explained_variance_)
    means = centroids(train, labels)
    b = np.mean([mean for p, mean in means.items() if p > 0], axis=0)
    known = {p: loadings[columns].sum(axis=0) for p, columns in enumerate(genes) if p > 0 and columns is not None}
    fitted = [p for p in known if p in means]
    # Shaped for the case that no perturbed gene is among the selected ones, too.
    y = np.array([means[p] - b for p in fitted]).reshape(len(fitted), len(b)).T
    p_rows = np.array([known[p] for p in fitted]).reshape(len(fitted), loadings.shape[1])
    identity = ridge * np.eye(loadings.shape[1])
    weights = np.linalg.solve(loadings.T @ loadings + identity, loadings.T @ y @ p_rows) @ np.linalg.inv(p_rows.T @ p_rows + identity)
    predictions = np.array([b + loadings @ weights @ known[p] if p in known else b for p in range(len(genes))])
    predictions[0] = means.get(0, b)
    return predictions


def unbiased(function, x, y):
    """2 E f(X, Y) - E f(X, X') - E f(Y, Y') over pairs of different cells."""
    m, n = len(x), len(y)
    xx, yy = function(x, x), function(y, y)
    return (
        2 * function(x, y).mean()
        - (xx.sum() - np.trace(xx)) / (m * (m - 1))
        - (yy.sum() - np.trace(yy)) / (n * (n - 1))
    )


def kernel(x, y):
    return sum(rbf_kernel(x, y, gamma=gamma) for gamma in GAMMAS) / len(GAMMAS)


def two_sample_auroc(x, y):
    """x generated, y real: a linear discriminant on scores and squares, fitted on the first halves."""
    m, n = len(x) // 2, len(y) // 2
    pooled = np.vstack([x[:m], y[:n]])
    mean, deviation = pooled.mean(axis=0), pooled.std(axis=0, ddof=1)

    def features(scores):
        z = (scores - mean) / deviation
        return np.hstack([z, z**2])

    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=1e-3)
    model.fit(features(pooled), np.r_[np.ones(m), np.zeros(n)])
    held_out = np.vstack([x[m:], y[n:]])
    return roc_auc_score(np.r_[np.ones(len(x) - m), np.zeros(len(y) - n)], model.decision_function(features(held_out)))


def nearest(cells, reference, k=1):
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(reference).kneighbors(cells)


def precision_recall_coverage(x, y, k=5):
    """x generated, y real; k + 1 because each cell is its own nearest."""
    x_radii, y_radii = nearest(x, x, k + 1)[0][:, -1], nearest(y, y, k + 1)[0][:, -1]
    between = cdist(x, y)
    return {
        "precision": (between <= y_radii[None, :]).any(axis=1).mean(),
        "recall": (between <= x_radii[:, None]).any(axis=0).mean(),
        "coverage": (between.min(axis=0) <= y_radii).mean(),
    }


def zeros_against_mean_error(generated, real):
    zeros = [(np.abs(values) < 0.05).mean(axis=0) for values in (generated, real)]
    means, places = np.unique(real.mean(axis=0), return_inverse=True)
    curve = np.bincount(places, zeros[1]) / np.bincount(places)
    return np.abs(zeros[0] - np.interp(generated.mean(axis=0), means, curve)).mean()


def correlation_agreement(generated, real, train, most=1000):
    top = np.sort(np.argsort(-train.var(axis=0), kind="stable")[:most])
    generated, real = generated[:, top], real[:, top]
    varying = (np.ptp(generated, axis=0) > 0) & (np.ptp(real, axis=0) > 0)
    pairs = np.triu_indices(varying.sum(), 1)
    return pearsonr(np.corrcoef(generated[:, varying].T)[pairs], np.corrcoef(real[:, varying].T)[pairs])[0]


def generation(real, generated, train, components, seed, solver="full"):
    """`real` in the order of test_order."""
    pca = signed(PCA(n_components=components, svd_solver=solver).fit(train))
    x, y, t = (pca.transform(cells) for cells in (generated, real, train))
    means = generated.mean(axis=0), real.mean(axis=0)
    variances = generated.var(axis=0, ddof=1), real.var(axis=0, ddof=1)
    near = [(np.abs(cells) < 0.05).mean(axis=0) for cells in (generated, real)]
    exact = [(cells == 0).mean(axis=0) for cells in (generated, real)]
    totals = [np.expm1(np.clip(cells, 0, None)).sum(axis=1) for cells in (generated, real)]
    detected = [(np.abs(cells) >= 0.05).sum(axis=1) for cells in (generated, real)]
    to_train = [nearest(scores, t)[0][:, 0] for scores in (x, y)]
    along = directions(seed, 128, components)
    return {
        "energy_distance": unbiased(cdist, x, y),
        "energy_distance_squared": unbiased(lambda a, b: cdist(a, b, "sqeuclidean"), x, y),
        "mmd": -unbiased(kernel, x, y),
        "sliced_wasserstein": np.mean([wasserstein_distance(x @ d, y @ d) for d in along]),
        "two_sample_auroc": two_sample_auroc(x, y),
        # Nearer to training cells is a larger score.
        "memorization": roc_auc_score(np.r_[np.ones(len(x)), np.zeros(len(y))], -np.concatenate(to_train)),
        **precision_recall_coverage(x, y),
        "gene_wasserstein": np.mean(
            [wasserstein_distance(generated[:, g], real[:, g]) for g in range(real.shape[1])]
        ),
        "library_size_wasserstein": wasserstein_distance(*totals),
        "log_library_size_wasserstein": wasserstein_distance(*map(np.log1p, totals)),
        "genes_per_cell_wasserstein": wasserstein_distance(*detected),
        "zero_fraction_error": np.abs(near[0] - near[1]).mean(),
        "exact_zero_fraction_error": np.abs(exact[0] - exact[1]).mean(),
        "zeros_against_mean_error": zeros_against_mean_error(generated, real),
        "mean_pearson_squared": pearsonr(*means)[0] ** 2,
        "mean_r2": r2_score(means[1], means[0]),
        "mean_slope": linregress(means[1], means[0]).slope,
        "variance_ratio": variances[0].mean() / variances[1].mean(),
        "variance_r2": r2_score(variances[1], variances[0]),
        "variance_slope": linregress(variances[1], variances[0]).slope,
        "correlation_agreement": correlation_agreement(generated, real, train),
    }


def latent(train, train_labels, test, test_labels):
    """Without k-means, whose start is ours; `k_means` holds it against the best of 20 starts."""
    neighbors = nearest(test, test, 16)[1]
    same = [np.mean(test_labels[row[row != cell][:15]] == test_labels[cell]) for cell, row in enumerate(neighbors)]
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=1e-3).fit(train, train_labels)
    return {
        "silhouette": (silhouette_samples(test, test_labels).mean() + 1) / 2,
        "knn_purity": np.mean(same),
        "linear_accuracy": model.score(test, test_labels),
    }


def k_means(test, clusters, starts=20):
    """Inertia of the best of several starts."""
    return KMeans(clusters, n_init=starts, tol=0, random_state=0).fit(test).inertia_


def k_means_from(test, start):
    """Lloyd's iterations from a given start, with the two scores against labels."""
    fit = KMeans(len(start), init=start, n_init=1, tol=0, max_iter=300, algorithm="lloyd").fit(test)
    return fit.labels_, fit.inertia_


def agreement_with(labels, clusters):
    return {
        "kmeans_nmi": normalized_mutual_info_score(labels, clusters),
        "kmeans_ari": adjusted_rand_score(labels, clusters),
    }
