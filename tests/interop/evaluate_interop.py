"""Every metric on real files against scikit-learn and scipy, to 1e-5 of the number (tools/golden/metrics.py)."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import sklearn  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools" / "golden"))
import metrics  # noqa: E402
import predictions  # noqa: E402
from sklearn.decomposition import PCA  # noqa: E402

TOLERANCE = 1e-5
# Counted over pairs or cells: one pair of distances that f32 rounds to the other side moves them by a step of that size.
COUNTED = {"two_sample_auroc", "memorization", "precision", "recall", "coverage", "knn_purity", "linear_accuracy", "centroid_accuracy",
           "delta_sign_accuracy", "discrimination", "de_overlap", "de_precision", "de_direction"}
FILES = {
    "norman19_lognorm_3375x500.h5ad": ["pertpy", "condition"],
    "jurkat_counts_7500x2000.h5ad": ["scperturb", "perturbation", "600"],
}


def load(folder):
    result = json.loads((folder / "result.json").read_text())
    genes = result["genes"]
    arrays = {name: np.fromfile(folder / f"{name}.f32", np.float32).reshape(-1, genes).astype(np.float64)
              for name in ("train", "test", "generated", "predicted")}
    labels = {name: np.fromfile(folder / f"{name}_labels.i32", np.int32) for name in ("train", "test")}
    return result, arrays, labels


def latent_spaces(arrays, latent):
    """Sums over every eighth gene, and principal components."""

    def sums(cells):
        return np.stack([cells[:, k::latent].sum(axis=1) for k in range(latent)], axis=1)

    pca = PCA(n_components=latent, svd_solver="full").fit(arrays["train"])
    train, test = arrays["train"], arrays["test"]
    return {"model": (sums(train), sums(test)), "pca": (pca.transform(train), pca.transform(test))}


def judged_labels(labels):
    """Cells of labels that both parts have."""
    both = np.intersect1d(labels["train"], labels["test"])
    both = both[both >= 0]
    return np.isin(labels["train"], both), np.isin(labels["test"], both), len(both)


# Whether a gene that is 0 everywhere is met exactly, and varies, is rounding where a prediction is a product.
BY_ROUNDING = ("r2", "pearson_per_gene", "pearson_undefined", "counts_r2", "counts_pearson_per_gene")


def expected_values(result, arrays, labels):
    real, generated, train = arrays["test"], arrays["generated"], arrays["train"]
    guess = (0.75 * real.astype(np.float32) + np.float32(0.0625)).astype(np.float64)
    pca = PCA(n_components=result["latent"], svd_solver="full").fit(train)
    constants = {"gene_mean": train.mean(axis=0)}
    groups = [train[labels["train"] == p].mean(axis=0) for p in np.unique(labels["train"]) if p > 0]
    constants["centroid_mean"] = np.mean(groups, axis=0)
    if (labels["train"] == 0).any():
        constants["control_mean"] = train[labels["train"] == 0].mean(axis=0)
    expected = {name: metrics.reconstruction(real, np.broadcast_to(cell, real.shape)) for name, cell in constants.items()}
    has_linear = any(columns is not None for columns in result["perturbed_genes"][1:])
    assert has_linear == ("linear" in result["values"]), "the linear model is a baseline where a perturbed gene is selected"
    linear = metrics.linear_model(train, labels["train"], result["perturbed_genes"])
    unlabelled = train.mean(axis=0)
    by_label = np.array([linear[p] if p >= 0 else unlabelled for p in labels["test"]])
    if has_linear:
        expected["linear"] = metrics.reconstruction(real, by_label)
        for key in BY_ROUNDING:
            expected["linear"].pop(key)

    def means_of(prediction):
        return metrics.pseudobulk(real, prediction, labels["test"], train, labels["train"])

    expected["pca"] = metrics.reconstruction(real, pca.inverse_transform(pca.transform(real)))
    for key in BY_ROUNDING:
        expected["pca"].pop(key)
    expected["model"] = metrics.reconstruction(real, guess) | means_of(guess)
    if has_linear:
        expected["linear"] |= means_of(by_label.astype(np.float32))  # weak effects are near its rounding
    expected["pca"] |= means_of(pca.inverse_transform(pca.transform(real)))
    for name, cell in constants.items():
        expected[name] |= means_of(np.broadcast_to(cell.astype(np.float32), real.shape))
    expected["model"] |= metrics.generation(real, generated, train, result["components"], result["seed"])
    predicted = {"model": arrays["predicted"]} | ({"linear": linear.astype(np.float32)} if has_linear else {})
    of_predictions = predictions.predictions(train, labels["train"], real, labels["test"], result["parts"], predicted)
    for name, values in of_predictions.items():
        expected.setdefault(name, {}).update(values)
    in_train, in_test, count = judged_labels(labels)
    for name, (of_train, of_test) in latent_spaces(arrays, result["latent"]).items():
        order = np.argsort(labels["test"][in_test], kind="stable")
        test = of_test[in_test][order]
        expected[name] |= metrics.latent(of_train[in_train], labels["train"][in_train], test, labels["test"][in_test][order])
    return expected


def differences(result, expected):
    failures = compared = 0
    for name, values in result["values"].items():
        unexpected = [key for key in values if "seen_" in key and key not in expected[name]]
        if unexpected:
            print(f"  {name}: not expected are {unexpected}")
            failures += len(unexpected)
    for name, values in expected.items():
        for key, number in values.items():
            ours = result["values"][name].get(key)
            if key == "gene_r2" or (number is None and ours is None):
                continue
            compared += 1
            tolerance = 2e-3 if key.removeprefix("un").removeprefix("seen_") in COUNTED else TOLERANCE * max(1, abs(number))
            if ours is None or not abs(ours - number) <= tolerance:
                print(f"  {name} {key}: {ours}, expected {number}")
                failures += 1
    print(f"  {compared} numbers compared, {failures} differ")
    return failures


def main(build):
    program = Path(build) / "interop_evaluate_sample"
    data = Path(os.environ.get("SPARCELL_DATA", "../shared/data"))
    if not program.exists() or not data.is_dir():
        print(f"skipped: {program if not program.exists() else data} is missing")
        return 77
    failures = 0
    for file, arguments in FILES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            preset, column, *genes = arguments
            subprocess.run([program, data / file, preset, column, folder, *genes], check=True, stderr=subprocess.DEVNULL)
            result, arrays, labels = load(folder)
            print(f"{file}: {len(arrays['train'])} training, {len(arrays['test'])} test cells, {result['genes']} genes")
            failures += differences(result, expected_values(result, arrays, labels))
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
