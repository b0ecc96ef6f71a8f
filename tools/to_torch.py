"""Loads the models of a run into plain PyTorch modules and checks that they give the run's latent spaces.

    python tools/to_torch.py RUN [--save FOLDER]      needs torch, numpy, h5py, pyyaml

From Python:  from to_torch import load_model;  model = load_model("runs/demo/...", "ae")
A run has config.yaml, checkpoints/<model>/{last,best}.h5 and latent.h5ad, whose X are the selected genes after
normalization. --save writes each model's state_dict as FOLDER/<model>.pt. Exit code 1: a latent space differs.
"""
import argparse
import sys
from pathlib import Path

try:
    import h5py
    import numpy as np
    import torch
    import yaml
except ImportError as missing:
    raise SystemExit(f"tools/to_torch.py needs the Python package {missing.name}: pip install torch numpy h5py pyyaml")

sys.path.insert(0, str(Path(__file__).resolve().parent))
import torch_models  # noqa: E402

# Of the largest latent coordinate. Two f32 implementations differ by the rounding of a few hundred sums.
TOLERANCE = 1e-4


def network_options(options):
    """The words of a resolved config as torch_models takes them."""
    hidden, dropout = list(options["hidden"]), options["dropout"]
    decoder_dropout = options.get("decoder_dropout") or None

    def per_layer(p):
        values = [float(value) for value in p] if isinstance(p, list) else [float(p)]
        return values * len(hidden) if len(values) == 1 else values

    return {
        "hidden": hidden,
        "normalization": options["normalization"],
        "activation": options["activation"],
        "slope": float(options["slope"]),
        "dropout": per_layer(dropout),
        "decoder_dropout": None if decoder_dropout is None else per_layer(decoder_dropout),
    }


def model_options(options):
    if options["type"] != "gan":
        likelihood = {key: options[key] for key in ("likelihood", "variance", "library", "rates") if key in options}
        return {"latent": options["latent"], "skip": options["skip"], "output": options["output"],
                "standardize": options["input"]["standardize"],
                "condition_encoder": options["conditioning"]["encoder"], **likelihood, **network_options(options)}
    own = ("output", "gate_temperature", "library", "weight_average", "minibatch")
    return {
        **{key: options[key] for key in own if key in options},
        "latent": options["latent"],
        "spectral_norm": options["spectral_norm"],
        "generator": network_options(options["generator"]),
        "critic": network_options(options["critic"]),
    }


def read_config(run):
    return yaml.safe_load((Path(run) / "config.yaml").read_text())


def read_state(path):
    with h5py.File(path) as file:
        return {name: torch.from_numpy(np.asarray(values[()])) for group in ("parameters", "buffers") if group in file
                for name, values in file[group].items()}


def read_target_sum(run):
    """What expression of the run's cells was normalized to."""
    with h5py.File(Path(run) / "checkpoints" / "preprocessing.h5") as file:
        return float(file.attrs["target_sum"])


def load_model(run, name, weights=None, config=None):
    """The model `name` in evaluation mode; `weights` is last or best, by default those that the run judged."""
    config = config or read_config(run)
    options = config["model"][name]
    weights = weights or config["evaluate"]["weights"]
    if weights == "best" and not (Path(run) / "checkpoints" / name / "best.h5").exists():
        weights = "last"
    state = read_state(Path(run) / "checkpoints" / name / f"{weights}.h5")
    output = [key for key in state if key.startswith(("decoder.", "generator.")) and key.endswith(".weight")]
    of_counts = "log_dispersion" in state
    genes = state["log_dispersion"].shape[-1] if of_counts else len(state[max(output, key=lambda key: int(key.split(".")[1]))])
    genes //= 2 if options.get("output") == "hurdle" else 1  # a value and a gate for each
    told = state.get("decoder_condition.weight", state.get("generator_condition.weight"))
    width = {} if told is None else {"conditions": told.shape[1]}
    if of_counts:
        width["target_sum"] = read_target_sum(run)
    if of_counts and state["log_dispersion"].ndim == 2:
        width["groups"] = len(state["log_dispersion"])
    pairs = state.get("pairs.weight", state.get("generator_genes.weight"))  # of genes that are perturbed together
    if pairs is not None:
        width |= {"rank": pairs.shape[0], "gene_width": pairs.shape[1]}
    model = torch_models.MODELS[options["type"]](genes, {**model_options(options), **width})
    if pairs is not None and options["conditioning"]["embedding"] == "one_hot":
        torch_models.tell_genes(model, torch.eye(pairs.shape[1]))
    own = model.state_dict()
    model.load_state_dict({key: values.to(own[key].dtype).reshape(own[key].shape) if key in own else values
                           for key, values in state.items()})
    return model.eval()


def read_cells(file):
    """X as a dense tensor."""
    x = file["X"]
    if isinstance(x, h5py.Dataset):
        return torch.from_numpy(x[()])
    indptr, indices, data = (x[key][()] for key in ("indptr", "indices", "data"))
    dense = np.zeros(x.attrs["shape"], np.float32)
    dense[np.repeat(np.arange(len(dense)), np.diff(indptr)), indices] = data
    return torch.from_numpy(dense)


def lacks_vectors(model):
    """Whether the encoder is told products of genes whose vectors are not in the run's folder."""
    pairs = getattr(model, "encoder_pairs", None)
    return pairs is not None and model.pairs.genes is None


def compare_latents(run, models):
    """Prints each model's largest difference; true if all are within the tolerance."""
    agree = True
    with h5py.File(Path(run) / "latent.h5ad") as file:
        cells = read_cells(file)
        for name, model in models.items():
            if not hasattr(model, "embed"):
                continue
            if hasattr(model, "log_dispersion"):
                print(f"{name}: reads counts, which latent.h5ad does not hold: not compared")
                continue
            if lacks_vectors(model):
                print(f"{name}: multiplies vectors of genes that a run does not hold: not compared")
                continue
            expected = torch.from_numpy(file[f"obsm/X_{name}"][()])
            told = f"obsm/conditions_{name}"  # of a model whose encoder is told conditions
            conditions = (torch.from_numpy(file[told][()]),) if told in file else ()
            with torch.no_grad():
                difference = float((model.embed(cells, *conditions) - expected).abs().max() / expected.abs().max())
            agree &= difference <= TOLERANCE
            print(f"{name}: latent space of {len(cells)} cells differs by {difference:.1e} of its largest coordinate: "
                  f"{'same' if difference <= TOLERANCE else 'NOT the same'}")
    return agree


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--save", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    if not (arguments.run / "config.yaml").exists():
        raise SystemExit(f"{arguments.run} holds no run: config.yaml is missing")
    config = read_config(arguments.run)
    models = {name: load_model(arguments.run, name, config=config) for name in config["model"]}
    for name, model in models.items():
        print(f"{name}: {sum(p.numel() for p in model.parameters()):,} parameters\n{model}")
        if arguments.save:
            arguments.save.mkdir(parents=True, exist_ok=True)
            torch.save(model.state_dict(), arguments.save / f"{name}.pt")
    sys.exit(0 if compare_latents(arguments.run, models) else 1)


if __name__ == "__main__":
    main()
