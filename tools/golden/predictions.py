"""Every metric of predicted perturbations as scipy, scikit-learn and numpy compute it, and the oracle of tests/evaluate:

    python tools/golden/predictions.py tests/golden/predictions.json

Needs the packages of tools/requirements-interop.txt. The matrix is the formula `value` below, which the test writes too. Every second cell
of a label trains; of the labels in UNSEEN none does.
"""
import json
import sys
import warnings

import numpy as np
from metrics import centroids, change, correlation, cosine
from scipy.spatial.distance import cdist, euclidean
from scipy.stats import false_discovery_control, spearmanr, ttest_ind_from_stats
from sklearn.metrics import mean_absolute_error, mean_squared_error

EXPRESSED, CHANGED, FEWER_CHANGED, FALSE_DISCOVERIES = 1000, 50, 20, 0.05


def largest(scores, most):
    """The places of the largest positive scores; equal ones in their own order."""
    order = np.argsort(-scores, kind="stable")
    return order[scores[order] > 0][:most]


def welch(cells, controls):
    """|t| of scipy's test of unequal variances for every gene and its p-values; a single cell counts as one without variance, and has no
    p-value."""
    spread = [x.std(axis=0, ddof=1) if len(x) > 1 else np.zeros(x.shape[1]) for x in (cells, controls)]
    means = [x.mean(axis=0) for x in (cells, controls)]
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")
        test = ttest_ind_from_stats(means[0], spread[0], len(cells), means[1], spread[1], len(controls), equal_var=False)
    apart = np.abs(means[0] - means[1])
    t = np.where(apart == 0, 0, np.where((spread[0] == 0) & (spread[1] == 0), apart / 1e-12, np.abs(test.statistic)))
    return t, np.where(apart == 0, 1, test.pvalue) if min(len(cells), len(controls)) > 1 else None


class PredictionTask:
    """What predictions of perturbations with training cells (`seen`), or of those without, are judged by. Labels: 0 is the control,
    below 0 none."""

    def __init__(self, train, train_labels, test, test_labels, seen):
        self.trained = centroids(train, train_labels)
        self.control = self.trained.get(0)
        self.centroid = np.mean([mean for p, mean in self.trained.items() if p > 0], axis=0)
        self.real = {p: mean for p, mean in centroids(test, test_labels).items() if p > 0 and (p in self.trained) == seen}
        self.expressed = largest(self.control, EXPRESSED)
        self.t, self.changed, self.significant = {}, {}, {}
        for p in self.real:
            # An unseen perturbation has no other cells than those that test.
            cells = train[train_labels == p] if seen else test[test_labels == p]
            t, p_values = welch(cells, train[train_labels == 0])
            self.t[p] = t
            self.changed[p] = largest(t, CHANGED)
            self.significant[p] = None if p_values is None else false_discovery_control(p_values) <= FALSE_DISCOVERIES

    def errors(self, guess, real, genes, behind):
        """As pertpy's mse, mean_absolute_error, euclidean and 1 - pearson_distance of means, differences to a reference in the last."""
        if len(genes) == 0:
            return {name + behind: np.nan for name in ("mse", "mae", "l2", "delta_pearson", "centroid_pearson")}
        return {
            "mse" + behind: mean_squared_error(real[genes], guess[genes]),
            "mae" + behind: mean_absolute_error(real[genes], guess[genes]),
            "l2" + behind: euclidean(real[genes], guess[genes]),
            "delta_pearson" + behind: correlation(change(guess, self.control)[genes], change(real, self.control)[genes]),
            "centroid_pearson" + behind: correlation(change(guess, self.centroid)[genes], change(real, self.centroid)[genes]),
        }

    def recovery(self, guess, real, p):
        changed = self.changed[p]
        if len(changed) == 0:
            return {name: np.nan for name in ("de_overlap", "de_precision", "de_spearman", "de_direction")}
        said, true = change(guess, self.control), change(real, self.control)
        predicted = largest(np.abs(said), len(changed))
        varies = np.ptp(said[changed]) > 0 and np.ptp(true[changed]) > 0
        return {
            "de_overlap": len(np.intersect1d(predicted, changed)) / len(changed),
            "de_precision": self.significant[p][predicted].mean() if len(predicted) and self.significant[p] is not None else np.nan,
            "de_spearman": spearmanr(said[changed], true[changed]).statistic if varies else np.nan,
            "de_direction": np.mean(said[changed] * true[changed] > 0),
        }

    def scores(self, predicted):
        """The mean of every metric over the perturbations where it is defined; `predicted`: {perturbation: mean}, where it says one."""
        rows = []
        for p, guess in predicted.items():
            real, changed = self.real[p], self.changed[p]
            others = [mean for q, mean in self.real.items() if q != p]
            row = self.errors(guess, real, np.arange(len(real)), "")
            row |= self.errors(guess, real, self.expressed, "_expressed")
            row |= self.errors(guess, real, changed[:FEWER_CHANGED], "_de20") | self.errors(guess, real, changed, "_de50")
            row |= self.recovery(guess, real, p)
            said, true = change(guess, self.control), change(real, self.control)
            row["delta_cosine"] = cosine(said, true)
            row["delta_sign_accuracy"] = np.mean((said * true > 0)[true != 0])
            # Systema's centroid accuracy; with absolute differences the Virtual Cell Challenge's discrimination.
            for name, metric in {"centroid_accuracy": "euclidean", "discrimination": "cityblock"}.items():
                farther = cdist([guess], others, metric)[0] > cdist([guess], [real], metric)[0] if others else []
                row[name] = np.mean(farther) if others else np.nan
            rows.append(row)
        defined = {key: [row[key] for row in rows if np.isfinite(row[key])] for key in (rows[0] if rows else {})}
        means = {key: float(np.mean(values)) for key, values in defined.items() if values}
        return means | ({"perturbations": len(rows)} if rows else {})

    def baselines(self, parts):
        """`parts`: the names of the genes that each perturbation perturbs."""
        alone = {parts[p][0]: mean - self.control for p, mean in self.trained.items() if p > 0 and len(parts[p]) == 1}
        unknown = np.mean(list(alone.values()), axis=0) if alone else None
        several = [p for p in self.real if len(parts[p]) > 1 and alone]
        return {
            "control_mean": {p: self.control for p in self.real},
            "centroid_mean": {p: self.centroid for p in self.real},
            "training_mean": {p: self.trained[p] for p in self.real if p in self.trained},
            "additive": {p: self.control + sum(alone.get(gene, unknown) for gene in parts[p]) for p in several},
        }


def predictions(train, train_labels, test, test_labels, parts, predicted):
    """Every metric of predicted perturbations, of the baselines and of `predicted`: {name: perturbations x genes}."""
    values = {}
    for held in ("seen", "unseen"):
        task = PredictionTask(train, train_labels, test, test_labels, held == "seen")
        said = task.baselines(parts) | {name: {p: means[p] for p in task.real} for name, means in predicted.items()}
        for name, means in said.items():
            if means:
                values.setdefault(name, {}).update({f"{held}_{key}": value for key, value in task.scores(means).items()})
    return values


# The small world of the golden numbers.
PARTS = [[], ["g1"], ["g2"], ["g3"], ["g4"], ["g5"], ["g1", "g2"], ["g3", "g9"], ["g7"]]
UNSEEN = (5, 6, 7, 8)
CELLS, GENES = 180, 1200


def value(cell, gene):
    """In multiples of 1/256 (so exact in f32); gene 3 is 0 everywhere, and many genes are 0 in all controls that train."""
    label = cell % len(PARTS)
    mixed = (cell * cell * 31 + cell * gene * 17 + gene * gene * 13 + cell * 7) % 257
    if gene == 3 or mixed < (250 if gene % 11 == 5 else 100):
        return 0.0
    return mixed / 256 + (gene * 7 % 13) / 16 + (label * gene % 7) / 2 * (gene % 5 == label % 5)


def predicted_value(label, gene):
    """Some of what a label does, and something of the model's own."""
    return (gene * 7 % 13) / 16 + (label * gene % 7) / 4 * (gene % 5 == label % 5) + (label * label + gene * 3) % 16 / 64


def is_clear(t, place):
    """Whether the gene that is last in a list leads the first one outside by more than rounding. (Means are exact here, and so are the
    sizes of differences, of which equal ones keep their order.)"""
    ordered = np.sort(t)[::-1]
    return ordered[place] == 0 or ordered[place - 1] > ordered[place] * (1 + 1e-9)


def main(output):
    x = np.array([[value(cell, gene) for gene in range(GENES)] for cell in range(CELLS)])
    labels = np.arange(CELLS) % len(PARTS)
    trains = (np.arange(CELLS) // len(PARTS) % 2 == 0) & ~np.isin(labels, UNSEEN)
    means = np.array([[predicted_value(label, gene) for gene in range(GENES)] for label in range(len(PARTS))])
    for seen in (True, False):
        of_labels = PredictionTask(x[trains], labels[trains], x[~trains], labels[~trains], seen).t
        unclear = [p for p, t in of_labels.items() if not (is_clear(t, FEWER_CHANGED) and is_clear(t, CHANGED))]
        assert not unclear, f"rounding decides which genes of {unclear} are among those that changed most"
    values = predictions(x[trains], labels[trains], x[~trains], labels[~trains], PARTS, {"model": means})
    with open(output, "w") as file:
        json.dump(values, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
