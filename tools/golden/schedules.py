"""Writes tests/golden/schedules.json: learning rates of PyTorch's schedulers, for tests/train to compare with.

    python tools/golden/schedules.py tests/golden        needs torch

plateau: rate after each validation loss, by ReduceLROnPlateau (mode min, relative threshold).
cosine: rate of each step, by LinearLR from 1 / warmup_steps, then CosineAnnealingLR over the steps that are left.
"""
import json
import math
import random
import sys
import warnings
from pathlib import Path

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, ReduceLROnPlateau, SequentialLR

warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*")


def optimizer(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def plateau(losses, learning_rate=1e-3, factor=0.5, patience=3, threshold=1e-4, min_learning_rate=0.0):
    sgd = optimizer(learning_rate)
    schedule = ReduceLROnPlateau(sgd, mode="min", factor=factor, patience=patience, threshold=threshold,
                                 threshold_mode="rel", min_lr=min_learning_rate)
    rates = []
    for loss in losses:
        schedule.step(loss)
        rates.append(sgd.param_groups[0]["lr"])
    return {"learning_rate": learning_rate, "factor": factor, "patience": patience, "threshold": threshold,
            "min_learning_rate": min_learning_rate, "losses": losses, "rates": rates}


def cosine(total_steps, warmup_steps, learning_rate=1e-3, min_learning_rate=0.0):
    sgd = optimizer(learning_rate)
    schedule = CosineAnnealingLR(sgd, total_steps - warmup_steps, eta_min=min_learning_rate)
    if warmup_steps > 1:
        rise = LinearLR(sgd, start_factor=1 / warmup_steps, total_iters=warmup_steps - 1)
        schedule = SequentialLR(sgd, [rise, schedule], milestones=[warmup_steps])
    rates = []
    for _ in range(total_steps):
        rates.append(sgd.param_groups[0]["lr"])
        schedule.step()
    return {"learning_rate": learning_rate, "min_learning_rate": min_learning_rate, "total_steps": total_steps,
            "warmup_steps": warmup_steps, "rates": rates}


def main():
    noise = random.Random(5)
    falling = [round(math.exp(-i / 12) + 0.05 * noise.random(), 6) for i in range(80)]
    flat = [1.0] * 40
    creeping = [1.0 - 5e-5 * i for i in range(30)]
    rising = [0.01 * i for i in range(1, 31)]
    golden = {
        "plateau": [
            plateau(falling),
            plateau(falling, patience=0, factor=0.9, threshold=0.01),
            plateau(flat),
            plateau(flat, patience=1, min_learning_rate=2e-4),
            plateau(creeping, patience=1),
            plateau(creeping, patience=2, threshold=0.0),
            plateau(rising, patience=2),
            plateau(flat, learning_rate=6e-8, patience=0),  # cuts by less than 1e-8 are skipped
            plateau([-x for x in creeping], patience=1),
        ],
        "cosine": [cosine(20, 0), cosine(50, 10), cosine(50, 10, min_learning_rate=1e-4), cosine(7, 6)],
    }
    path = Path(sys.argv[1]) / "schedules.json"
    path.write_text(json.dumps(golden, indent=None) + "\n")


if __name__ == "__main__":
    main()
