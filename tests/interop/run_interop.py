"""What a run, `embed`, `generate` and `predict` write opens in anndata without a warning, and scanpy works on it."""

import json
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

try:
    import anndata
    import h5py
    import numpy as np
    import scanpy
    import scipy.sparse
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

EXPERIMENT = """
name: interop
seed: 3
threads: 1
read: {path: cells.h5ad}
select: {genes: 60}
model:
  ae: {type: autoencoder, hidden: [16], latent: 6, dropout: [0.1]}
  vae: {type: vae, hidden: [16], latent: 6, dropout: [0.1]}
  gan: {type: gan, latent: 6, generator: {hidden: [16], dropout: [0]}, critic: {hidden: [16], dropout: [0.1]}}
train: {epochs: 2, batch: 32}
evaluate: {resamples: 100}
report: {html: false}
"""


CONDITIONAL = [
    "~model.ae",
    "~model.gan",
    "model.vae.likelihood=nb",
    "model.vae.rates=softmax",
    "model.vae.condition=[perturbation, nperts]",
]


def opened(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return anndata.read_h5ad(path)


def check_latent(run, source):
    data = opened(run / "latent.h5ad")
    assert list(data.obs_names) == list(source.obs_names)
    assert data.n_vars == 60 and set(data.var_names) <= set(source.var_names)
    assert list(data.obs["perturbation"].cat.categories)[0] == "control"
    assert set(data.obs["split"]) == {"train", "validation", "test"}
    normalized = source.copy()
    scanpy.pp.normalize_total(normalized, target_sum=target_sum(run))
    scanpy.pp.log1p(normalized)
    np.testing.assert_allclose(data.X.toarray(), normalized[:, data.var_names].X.toarray(), rtol=1e-5)
    for model in ("ae", "vae"):
        assert data.obsm[f"X_{model}"].shape == (source.n_obs, 6)
        assert np.isfinite(data.obsm[f"X_{model}"]).all()
        scanpy.pp.neighbors(data, use_rep=f"X_{model}", key_added=model)
        assert data.obsp[f"{model}_distances"].nnz > 0
    assert data.uns["sparcell"]["config_hash"] == json.loads((run / "result.json").read_text())["config_hash"]
    return data


def target_sum(run):
    """The median that the run fitted on its training cells."""
    with h5py.File(run / "checkpoints/preprocessing.h5") as file:
        return float(file.attrs["target_sum"])


def check_generated(path, latent, model, cells):
    data = opened(path)
    assert data.shape == (cells, latent.n_vars)
    assert list(data.var_names) == list(latent.var_names)
    assert (data.obs["source"] == model).all() and data.obs_names.is_unique
    assert np.isfinite(data.X).all()


def check_counts(data):
    """Integers in compressed rows, which expression is made of: what scvi-tools asks for."""
    counts = data.layers["counts"]
    assert scipy.sparse.issparse(counts) and counts.format == "csr" and counts.has_canonical_format
    assert (counts.data == np.round(counts.data)).all() and counts.data.min() >= 1
    assert (data.obs["library_size"] > 0).all() and (data.obs["size_factor"] > 0).all()
    return counts


def check_conditional(run, made, predicted, label):
    """Made cells lie beside the real ones in scanpy, under the labels of the training data."""
    real = opened(run / "latent.h5ad")
    counts = check_counts(made)
    factors = made.obs["size_factor"].to_numpy()[:, None]
    np.testing.assert_allclose(made.X, np.log1p(counts.toarray() / factors), rtol=1e-5, atol=1e-6)
    for column in ("perturbation", "nperts"):
        assert made.obs[column].dtype == real.obs[column].dtype, column
    together = anndata.concat([real, made], label="origin", keys=["real", "made"])
    assert list(together.obs["perturbation"].cat.categories) == list(real.obs["perturbation"].cat.categories)
    both = together.obs.groupby(["perturbation", "origin"], observed=True).size().unstack()
    assert (both.loc["control"] > 0).all()
    scanpy.tl.rank_genes_groups(together, "perturbation", reference="control", method="t-test")
    for obs in (made.obs, real.obs):
        assert (obs["nperts"][obs["perturbation"] == "control"] == 0).all()

    assert (predicted.obs["perturbation"] == label).all() and (predicted.obs["split"] == "test").all()
    controls = real[(real.obs["perturbation"] == "control") & (real.obs["split"] == "test")]
    assert list(predicted.obs["control"]) == list(controls.obs_names)
    beside = anndata.concat([real, predicted])  # a warning is an error here: of names that are not unique, too
    assert beside.n_obs == real.n_obs + predicted.n_obs and beside.obs["perturbation"].dtype == real.obs["perturbation"].dtype
    told = {"perturbation", "nperts", "split"}
    others = [column for column in real.obs if column not in told]
    own = {"source", "predicted_perturbation", "control", "library_size", "size_factor"}
    assert others and set(predicted.obs) == told | own | {f"control_{column}" for column in others}, list(predicted.obs)
    for column in others:
        assert list(predicted.obs[f"control_{column}"]) == list(controls.obs[column]), column
    assert predicted.uns["sparcell"]["controls"] == "test"
    check_counts(predicted)


def main(build):
    program = Path(build).resolve() / "sparcell"
    if not program.exists():
        print(f"skipped: {program} is not built")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def ours(*arguments):
            done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr

        ours("simulate", "cells.h5ad", "--cells", "240", "--genes", "120", "--perturbations", "4", "--density", "0.3")
        (folder / "interop.yaml").write_text(EXPERIMENT)
        ours("run", "interop.yaml", "--out", "run")
        run = folder / "run"
        latent = check_latent(run, opened(folder / "cells.h5ad"))
        for model in ("vae", "gan"):
            check_generated(run / f"generated_{model}.h5ad", latent, model, int((latent.obs["split"] == "test").sum()))
        ours("generate", "run", "new.h5ad", "--cells", "70", "--model", "gan")
        check_generated(folder / "new.h5ad", latent, "gan", 70)
        ours("embed", "run", "cells.h5ad", "embedded.h5ad", "--model", "ae", "--reconstruct")
        embedded = opened(folder / "embedded.h5ad")
        np.testing.assert_array_equal(embedded.obsm["X_ae"], latent.obsm["X_ae"])
        assert list(embedded.var_names) == list(latent.var_names)
        np.testing.assert_allclose(embedded.X.toarray(), latent.X.toarray(), rtol=1e-6)
        assert embedded.layers["reconstructed_ae"].shape == embedded.shape
        assert np.isfinite(embedded.layers["reconstructed_ae"]).all()
        assert list(embedded.obs["perturbation"]) == list(opened(folder / "cells.h5ad").obs["perturbation"])

        ours("run", "interop.yaml", *CONDITIONAL, "--out", "told")
        label = list(latent.obs["perturbation"].cat.categories)[1]
        ours("predict", "told", "predicted.h5ad", "--perturbation", label, "--controls", "test")
        check_conditional(
            folder / "told", opened(folder / "told/generated_vae.h5ad"), opened(folder / "predicted.h5ad"), label
        )
    print(
        f"anndata {version('anndata')}, scanpy {version('scanpy')}: latent, generated, embedded and predicted cells "
        "are as written"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
