"""Prints the runs of models.sh as Markdown tables, each strong recipe beside its baselines; exit code 1 where a goal is missed.

A goal is a baseline or a number; it holds when the recipe's figure on test cells is better in every seed. Recipes are the files under
experiments/ as they are; validation cells choose the epoch, and nothing else is chosen.
"""
import json
import statistics
import sys
from pathlib import Path

DATA = {"norman": "Norman subset, 1,895 x 500", "norman_counts": "Norman counts, 3,375 x 500", "jurkat": "Jurkat, 7,500 x 1,000",
        "pbmc": "PBMC 4k, 2,170 x 1,000"}
# model, figure, what it is, whether less is better, baselines, which data have which goals
TABLES = [
    ("ae", "mse", "mean squared error", True, ["pca_clamped", "pca_shrunk"],
     {"norman": ["pca_clamped"], "jurkat": ["pca_clamped"], "pbmc": ["pca_clamped", "pca_shrunk"]}),
    ("vae", "iwelbo", "IWELBO per cell (100 draws)", False, ["nb_library"],
     {"norman_counts": ["nb_library"], "pbmc": ["nb_library"]}),
    ("vae", "energy_distance", "energy distance of mixture samples", True, ["gaussian_pca", "shuffled_genes", "split_half"],
     {"pbmc": ["gaussian_pca"]}),
    ("gan", "energy_distance", "energy distance", True, ["gaussian_pca", "shuffled_genes", "nb_library", "split_half"],
     {"norman": ["gaussian_pca", "shuffled_genes"], "pbmc": ["gaussian_pca", "shuffled_genes", "nb_library"]}),
    ("gan", "exact_zero_fraction_error", "exact-zero error", True, ["shuffled_genes", "training_cells", "split_half"],
     {"norman": ["shuffled_genes"], "pbmc": ["shuffled_genes"]}),
    ("gan", "library_size_wasserstein", "W1 of library sizes", True, ["gaussian_pca", "shuffled_genes", "split_half"], {}),
    # Half of what the recipe had that this one began with.
    ("gan", "log_library_size_wasserstein", "W1 of log library sizes", True, ["gaussian_pca", "shuffled_genes", "split_half"],
     {"pbmc": [0.277 / 2]}),
]


def figures(result, model, figure, baselines):
    values = {model: result["models"][model]["test"].get(figure)}
    return values | {name: result["baselines"].get(name, {}).get("test", {}).get(figure) for name in baselines}


def cell(values):
    values = [value for value in values if value is not None]
    if not values:
        return ""
    spread = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.4g}{spread}"


def verdict(rows, model, goals, less):
    missed = []
    for goal in goals:
        bounds = [row[goal] if goal in row else goal for row in rows]
        ahead = sum((row[model] < bound) == less and row[model] != bound for row, bound in zip(rows, bounds, strict=True))
        missed += [f"{goal} {ahead} of {len(rows)}"] if ahead < len(rows) else []
    return "no goal" if not goals else "missed: " + ", ".join(missed) if missed else "reached"


def main():
    folder = Path(sys.argv[1])
    missed = found = False
    for model, figure, title, less, baselines, goals in TABLES:
        lines = []
        for data, name in DATA.items():
            runs = [json.loads(path.read_text()) for path in sorted(folder.glob(f"{model}_{data}_[0-9]*/result.json"))]
            rows = [figures(run, model, figure, baselines) for run in runs]
            rows = [row for row in rows if row[model] is not None]  # of programs that did not know the figure yet
            if not rows:
                continue
            seconds = statistics.median(run["models"][model]["cost"]["train_seconds"] for run in runs)
            outcome = verdict(rows, model, goals.get(data, []), less)
            missed |= outcome.startswith("missed")
            cells = [cell([row[column] for row in rows]) for column in (model, *baselines)]
            lines.append(f"| {name} | {len(rows)} | {' | '.join(cells)} | {seconds:.0f} | {outcome} |")
        if lines:
            found = True
            print(f"\n**strong_{model}, {title}** ({'less' if less else 'more'} is better; mean ± standard deviation over seeds)\n")
            print(f"| data | seeds | strong_{model} | {' | '.join(baselines)} | seconds of training | better in every seed |")
            print("| --- " * (5 + len(baselines)) + "|")
            print("\n".join(lines))
    if not found:
        raise SystemExit(f"{folder}: no finished run; start tools/bench/models.sh")
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
