"""The list of an evaluation by scikit-learn, scipy and numpy, as fast as their functions go: what several samples share is computed once
(components, everything of the real cells), pairwise distances are computed once for all metrics that need them, in blocks on all cores.
"""
import time
from concurrent.futures import ThreadPoolExecutor

import metrics
import numpy as np
from scipy.stats import linregress, pearsonr, wasserstein_distance
from sklearn.decomposition import PCA
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.metrics.pairwise import euclidean_distances
from threadpoolctl import threadpool_limits

BY_SCIPY, BY_SORTING = "Wasserstein distances by scipy", "Wasserstein distances by sorting, instead"
COMPONENTS, CORRELATED, NEIGHBORS, GROUPS, HALVINGS = 50, 1000, 5, 40, 20


class Phases:
    """Seconds and CPU seconds by what they were spent on."""

    def __init__(self):
        self.spent, self.last = {}, (time.perf_counter(), time.process_time())

    def end(self, what):
        now = time.perf_counter(), time.process_time()
        before = self.spent.get(what, (0, 0))
        self.spent[what] = tuple(b + n - last for b, n, last in zip(before, now, self.last))
        self.last = now

    def total(self, without):
        return tuple(sum(spent[i] for what, spent in self.spent.items() if what != without) for i in (0, 1))

    def totals(self):
        """With scipy's Wasserstein distances, and with those by sorting."""
        return self.total(BY_SORTING), self.total(BY_SCIPY)


class Sample:
    """Cells as the metrics of generation see them."""

    def __init__(self, space, cells, within=True):
        self.cells = cells
        self.scores = space.pca.transform(cells)
        self.genes = np.ascontiguousarray(cells.T)
        self.mean, self.variance = cells.mean(axis=0, dtype=np.float64), cells.var(axis=0, ddof=1, dtype=np.float64)
        self.near, self.exact = (np.abs(cells) < 0.05).mean(axis=0), (cells == 0).mean(axis=0)
        self.totals = np.expm1(np.clip(cells, 0, None)).sum(axis=1, dtype=np.float64)
        self.detected = (np.abs(cells) >= 0.05).sum(axis=1)
        space.phases.end("moments and totals")
        self.correlations, self.varies = np.corrcoef(self.genes[space.correlated]), np.ptp(self.genes[space.correlated], axis=1) > 0
        self.along = space.directions @ self.scores.T
        space.phases.end("correlations")
        self.sorted_genes, self.sorted_along = np.sort(self.genes, axis=1), np.sort(self.along, axis=1)
        space.phases.end(BY_SORTING)
        self.radii = metrics.nearest(self.scores, self.scores, NEIGHBORS + 1)[0][:, -1]
        self.to_train = metrics.nearest(self.scores, space.train_scores)[0][:, 0]
        space.phases.end("neighbours")
        # Sums of distances and kernels by pairs of groups; no cell is a pair with itself.
        self.sums = space.pair_sums(self.scores, self.scores)[0] if within else None
        space.phases.end("pairs")


def apart(a, b):
    """Wasserstein distances of rows that are sorted and equally long."""
    return np.mean([np.abs(x - y).mean(dtype=np.float64) for x, y in zip(a, b)])


def of_pairs(between, x, y, m, n):
    return 2 * between / (m * n) - x / (m * (m - 1)) - y / (n * (n - 1))


class Generation:
    def __init__(self, train, real, directions, phases, threads):
        self.phases, self.threads, self.directions = phases, threads, directions
        self.pca = PCA(COMPONENTS, svd_solver="covariance_eigh").fit(train)  # the fastest exact one here
        metrics.signed(self.pca)
        phases.end("components")
        self.train_scores = self.pca.transform(train)
        self.correlated = np.sort(np.argsort(-train.var(axis=0), kind="stable")[:CORRELATED])
        self.upper = np.triu_indices(len(self.correlated), 1)
        self.real = Sample(self, real)

    def pair_sums(self, x, y, radii=None):
        """Distances' and kernels' sums by groups of x (rows) and y, and where `radii` of both are given, who lies in whose ball."""
        offsets = [len(side) * np.arange(GROUPS + 1) // GROUPS for side in (x, y)]
        sums = np.zeros((2, GROUPS, GROUPS))
        inside_y, nearest = np.zeros(len(x), bool), np.full((GROUPS, len(y)), np.inf, x.dtype)
        inside_x = np.zeros((GROUPS, len(y)), bool)
        same = x is y

        def band(g):
            rows = slice(offsets[0][g], offsets[0][g + 1])
            first = offsets[1][g] if same else 0  # of a set with itself each pair of groups once
            squares = euclidean_distances(x[rows], y[first:], squared=True)
            distances = np.sqrt(squares)
            kernels, scratch = np.zeros_like(squares), np.empty_like(squares)
            for gamma in metrics.GAMMAS:
                np.multiply(squares, -gamma, out=scratch)
                kernels += np.exp(scratch, out=scratch)
            starts = offsets[1][g if same else 0:-1] - first
            for which, values in enumerate((distances, kernels)):
                by_column = values.sum(axis=0, dtype=np.float64)
                if same and which == 1:
                    by_column[: rows.stop - rows.start] -= len(metrics.GAMMAS)  # each cell's with itself
                sums[which, g, g if same else 0:] = np.add.reduceat(by_column, starts)
            if radii:
                inside_y[rows] = (distances <= radii[1]).any(axis=1)
                inside_x[g] = (distances <= radii[0][rows, None]).any(axis=0)
                nearest[g] = distances.min(axis=0)

        with threadpool_limits(1), ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(band, range(GROUPS)))
        if same:
            sums = np.triu(sums) + np.triu(sums, 1).transpose(0, 2, 1)
        sums[1] /= -len(metrics.GAMMAS)  # a kernel is the negative of a distance
        return sums, (inside_y, inside_x.any(axis=0), nearest.min(axis=0))

    def moments(self, x, y):
        return {
            "zero_fraction_error": np.abs(x.near - y.near).mean(),
            "exact_zero_fraction_error": np.abs(x.exact - y.exact).mean(),
            "zeros_against_mean_error": zeros_against_mean_error(x, y),
            "mean_pearson_squared": pearsonr(x.mean, y.mean)[0] ** 2,
            "mean_r2": r2_score(y.mean, x.mean),
            "mean_slope": linregress(y.mean, x.mean).slope,
            "variance_ratio": x.variance.mean() / y.variance.mean(),
            "variance_r2": r2_score(y.variance, x.variance),
            "variance_slope": linregress(y.variance, x.variance).slope,
        }

    def compare(self, x, y, between):
        """Everything but distances; `between` is what pair_sums says of balls."""
        inside_y, inside_x, nearest = between
        m, n = len(x.cells), len(y.cells)
        centred = [s.scores - y.scores.mean(axis=0, dtype=np.float64) for s in (x, y)]
        squares = [np.sum(c**2) for c in centred]
        within = [2 * (k * s - np.sum(c.sum(axis=0) ** 2)) for k, s, c in zip((m, n), squares, centred)]
        across = n * squares[0] + m * squares[1] - 2 * centred[0].sum(axis=0) @ centred[1].sum(axis=0)
        values = {
            "energy_distance_squared": of_pairs(across, *within, m, n),
            "precision": inside_y.mean(),
            "recall": inside_x.mean(),
            "coverage": (nearest <= y.radii).mean(),
            "two_sample_auroc": metrics.two_sample_auroc(x.scores, y.scores),
            "memorization": roc_auc_score(np.r_[np.ones(m), np.zeros(n)], -np.r_[x.to_train, y.to_train]),
        }
        self.phases.end("classifiers")
        by_sorting = {"sliced_wasserstein": apart(x.sorted_along, y.sorted_along)}
        by_sorting["gene_wasserstein"] = apart(x.sorted_genes, y.sorted_genes)
        self.phases.end(BY_SORTING)
        values["sliced_wasserstein"] = np.mean([wasserstein_distance(a, b) for a, b in zip(x.along, y.along)])
        values["gene_wasserstein"] = np.mean([wasserstein_distance(a, b) for a, b in zip(x.genes, y.genes)])
        assert all(np.isclose(values[key], value, rtol=1e-4) for key, value in by_sorting.items())
        self.phases.end(BY_SCIPY)
        values["library_size_wasserstein"] = wasserstein_distance(x.totals, y.totals)
        values["log_library_size_wasserstein"] = wasserstein_distance(np.log1p(x.totals), np.log1p(y.totals))
        values["genes_per_cell_wasserstein"] = wasserstein_distance(x.detected, y.detected)
        self.phases.end("totals' Wasserstein distances")
        pairs = (x.varies & y.varies)[self.upper[0]] & (x.varies & y.varies)[self.upper[1]]
        values["correlation_agreement"] = pearsonr(x.correlations[self.upper][pairs], y.correlations[self.upper][pairs])[0]
        self.phases.end("correlations")
        return values

    def judge(self, cells):
        x, y = Sample(self, cells), self.real
        sums, between = self.pair_sums(x.scores, y.scores, (x.radii, y.radii))
        self.phases.end("pairs")
        distances = [of_pairs(*(which.sum() for which in (b, own, real)), len(x.cells), len(y.cells))
                     for b, own, real in zip(sums, x.sums, y.sums)]
        return {"energy_distance": distances[0], "mmd": distances[1]} | self.moments(x, y) | self.compare(x, y, between)

    def split_half(self, random):
        """Distances and moments as means over halvings, from sums over groups; the rest of one halving."""
        real, cells = self.real, self.real.cells
        groups = [Moments(part) for part in np.array_split(cells, GROUPS)]
        found = []
        for _ in range(HALVINGS):
            half = random.permutation(GROUPS) < GROUPS // 2
            x, y = (Moments.together([g for g, is_in in zip(groups, which) if is_in]) for which in (half, ~half))
            pairs = [(half, ~half), (half, half), (~half, ~half)]
            distances = [of_pairs(*(sums[np.ix_(*pair)].sum() for pair in pairs), x.count, y.count) for sums in real.sums]
            found.append({"energy_distance": distances[0], "mmd": distances[1]} | self.moments(x, y))
        self.phases.end("moments and totals")
        first, second = (Sample(self, part, within=False) for part in np.array_split(cells, 2))
        between = self.pair_sums(first.scores, second.scores, (first.radii, second.radii))[1]
        self.phases.end("pairs")
        return {key: np.mean([f[key] for f in found]) for key in found[0]} | self.compare(first, second, between)


class Moments:
    """Mean, variance and zeros of every gene, of cells or of groups of cells together."""

    def __init__(self, cells):
        self.count, self.mean, self.squares = len(cells), cells.mean(axis=0, dtype=np.float64), None
        self.squares = np.sum((cells - self.mean) ** 2, axis=0)
        self.near, self.exact = (np.abs(cells) < 0.05).mean(axis=0), (cells == 0).mean(axis=0)

    @classmethod
    def together(cls, parts):
        whole = cls.__new__(cls)
        weights = np.array([part.count for part in parts], float)
        whole.count = int(weights.sum())
        for name in ("mean", "near", "exact"):
            setattr(whole, name, np.average([getattr(part, name) for part in parts], axis=0, weights=weights))
        whole.squares = sum(part.squares + part.count * (part.mean - whole.mean) ** 2 for part in parts)
        whole.variance = whole.squares / (whole.count - 1)
        return whole


def zeros_against_mean_error(x, y):
    means, places = np.unique(y.mean, return_inverse=True)
    curve = np.bincount(places, y.near) / np.bincount(places)
    return np.abs(x.near - np.interp(x.mean, means, curve)).mean()
