"""Writes tests/golden/penalty.h5: parameter gradients of the gradient penalty alone, by automatic differentiation in f64.

    python tools/golden/penalty.py tests/golden        needs torch, numpy, h5py

For every activation, head (probability, logit) and normalization (none, layer) of a critic with two hidden layers. Dropout
masks are those of a critic's interpolated pass (philox.py: index 4 * 16 + layer, step 0); they are in the file too. The
seed is one for which a cell loses its whole last hidden layer, so that its input gradient is 0; another cell is empty.
"""
import sys
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import torch_models as models  # noqa: E402
from philox import check_published_vectors  # noqa: E402
from training import Draws, Dropout, write  # noqa: E402

CELLS, GENES, HIDDEN, DROPOUT, SLOPE = 8, 13, [11, 5], [0.3, 0.4], 0.2
INTERPOLATED_PASS = 4


def draws_that_silence_a_cell():
    for seed in range(1000):
        draws = Draws(seed)
        draws.at(0, INTERPOLATED_PASS)
        silent = (draws.mask(DROPOUT[-1], 1, (CELLS, HIDDEN[-1])) == 0).all(1)
        if silent.sum() == 1:
            return draws
    raise SystemExit("no seed below 1000 drops the whole last layer of one cell")


def build_critic(activation, normalization, draws):
    torch.manual_seed(7)
    options = {"hidden": HIDDEN, "normalization": normalization, "activation": activation, "slope": SLOPE,
               "dropout": DROPOUT}
    critic = models.network(GENES, 1, options, dropout=lambda p, layer: Dropout(draws, p, layer)).double()
    with torch.no_grad():
        for layer in critic:
            if isinstance(layer, nn.LayerNorm):
                layer.weight.uniform_(0.5, 1.5)
                layer.bias.uniform_(-0.5, 0.5)
    critic.load_state_dict({name: value.float().double() for name, value in critic.state_dict().items()})
    return critic


def penalty_gradients(critic, x, head):
    penalty, input_gradient = models.gradient_penalty(critic, x, head)
    critic.zero_grad()
    penalty.backward()
    named = {f"critic.{name}": torch.zeros_like(p) if p.grad is None else p.grad.clone()
             for name, p in critic.named_parameters()}
    return {"penalty": penalty, "input_gradient": input_gradient}, named


def main():
    check_published_vectors()
    draws = draws_that_silence_a_cell()
    random = np.random.default_rng(5)
    x = random.gamma(1.0, 1.0, (CELLS, GENES)).astype(np.float32).astype(np.float64)
    x[3] = 0
    path = Path(sys.argv[1]) / "penalty.h5"
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        file.attrs.update({"seed": draws.seed, "hidden": HIDDEN, "dropout": DROPOUT, "slope": SLOPE, "weight": 1.0,
                           "target": 1.0, "pass": INTERPOLATED_PASS})
        write(file, {"x": x})
        for layer, (p, width) in enumerate(zip(DROPOUT, HIDDEN)):
            write(file, {f"mask/{layer}": draws.mask(p, layer, (CELLS, width))})
        for normalization in ("none", "layer"):
            parameters = build_critic("relu", normalization, draws).state_dict()
            write(file, {f"parameters/{normalization}/critic.{name}": value for name, value in parameters.items()})
            for activation in models.ACTIVATIONS:
                for head in ("probability", "logit"):
                    critic = build_critic(activation, normalization, draws)
                    values, named = penalty_gradients(critic, torch.from_numpy(x), head)
                    group = file.create_group(f"penalty/{activation}/{head}/{normalization}")
                    write(group, values)
                    write(group.create_group("gradients"), named)
    print(f"{path}: {path.stat().st_size} bytes, seed {draws.seed}")


if __name__ == "__main__":
    main()
