"""Prints the runs of perturbations.sh as Markdown tables: predictions of unseen perturbations beside every baseline.

First figures of test perturbations, mean ± standard deviation over seeds, then paired differences to each baseline by perturbation: a
perturbation that several seeds hold out counts once, with the mean of its differences.
"""
import csv
import json
import math
import random
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from models import cell

SETS = {"norman": "Norman subset, doubles", "norman_counts": "Norman counts, doubles",
        "simulated_doubles": "simulated, doubles (half of them sums)", "jurkat": "Jurkat, genes",
        "simulated_linear": "simulated, genes, effects linear in loadings", "simulated_drawn": "simulated, genes, effects of their own"}
# score, title, whether less is better
SCORES = [("l2", "L2", True), ("centroid_pearson", "Pearson to the centroid", False), ("centroid_accuracy", "centroid accuracy", False)]
BASELINES = {"control_mean": "no change", "centroid_mean": "mean of perturbations", "additive": "additive", "linear": "linear model"}
ENOUGH = 8  # perturbations for an interval, as the program asks for
RESAMPLES = 10000
ROUNDED = 1e-7  # of what the CSV's nine digits leave


def figures(result, name):
    for kind in ("models", "baselines"):
        if name in result[kind]:
            return result[kind][name]["test"]
    return {}


def by_perturbation(folders, model, baseline, score):
    """Differences model - baseline of every unseen perturbation, those of several seeds averaged."""
    differences = defaultdict(list)
    for folder in folders:
        with open(folder / "per_perturbation.csv", newline="") as file:
            for row in csv.DictReader(file):
                values = [row.get(f"{name}_predicted_{score}", "") for name in (model, baseline)]
                if all(values):
                    differences[row["perturbation"]].append(float(values[0]) - float(values[1]))
    return [statistics.fmean(of_one) for of_one in differences.values()]


def interval(differences):
    """95 % by the bootstrap's t over perturbations."""
    generator = random.Random(1)
    count, mean = len(differences), statistics.fmean(differences)
    error = statistics.stdev(differences) / math.sqrt(count)
    if error == 0:
        return mean, mean
    ratios = []
    for _ in range(RESAMPLES):
        drawn = generator.choices(differences, k=count)
        spread = statistics.stdev(drawn) / math.sqrt(count)
        if spread > 0:
            ratios.append((statistics.fmean(drawn) - mean) / spread)
    ratios.sort()
    return tuple(mean - ratios[int(share * (len(ratios) - 1))] * error for share in (0.975, 0.025))


def paired(differences, less):
    ahead = sum((difference < 0) == less and abs(difference) > ROUNDED for difference in differences)
    text = f"{statistics.fmean(differences) + 0.0:+.3g}, ahead in {ahead} of {len(differences)}"
    if len(differences) >= ENOUGH:
        low, high = interval(differences)
        text += f" [{low:+.3g}, {high:+.3g}]"
    return text


def main():
    folder = Path(sys.argv[1])
    found = False
    for name, title in SETS.items():
        folders = sorted(path.parent for path in folder.glob(f"{name}_[0-9]*/result.json"))
        if not folders:
            continue
        found = True
        results = [json.loads((path / "result.json").read_text()) for path in folders]
        model = next(iter(results[0]["models"]))
        held = [figures(result, model).get("unseen_perturbations") for result in results]
        seconds = statistics.median(result["models"][model]["cost"]["train_seconds"] for result in results)
        distinct = len(by_perturbation(folders, model, "control_mean", "l2"))
        print(f"\n**{title}**: {len(results)} seeds, {min(held):.0f} to {max(held):.0f} unseen perturbations a run, {distinct} different ones; "
              f"{seconds:.0f} s of training\n")
        names = [model] + [baseline for baseline in BASELINES if any(figures(result, baseline).get("unseen_l2") for result in results)]
        print(f"| | {' | '.join(BASELINES.get(column, column) for column in names)} |")
        print("| --- " * (1 + len(names)) + "|")
        for score, words, _ in SCORES:
            print(f"| {words} | {' | '.join(cell([figures(r, column).get(f'unseen_{score}') for r in results]) for column in names)} |")
        for score, words, less in SCORES:
            against = {column: by_perturbation(folders, model, column, score) for column in names[1:]}
            cells = [paired(against[column], less) if against[column] else "" for column in names[1:]]
            print(f"| {words}, difference by perturbation | | {' | '.join(cells)} |")
    if not found:
        raise SystemExit(f"{folder}: no finished run; start tools/bench/perturbations.sh")


if __name__ == "__main__":
    main()
