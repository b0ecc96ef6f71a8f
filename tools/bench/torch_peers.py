"""The course's training steps in PyTorch on the CPU, as fast as PyTorch offers them: the peers of tools/bench/cpu.py.

Rungs: eager, fused Adam, fused Adam under torch.compile (a GAN's double backward does not compile). Cells lie in memory as
a dense tensor and a step gathers its own batch, so no data loader is in the way.
"""
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import torch_models as models  # noqa: E402

WARMUP_STEPS = 5


def adam(parameters, learning_rate, betas, fused):
    return torch.optim.Adam(parameters, lr=learning_rate, betas=betas, weight_decay=1e-5, fused=fused)


class AutoencoderStep:
    """Autoencoder or VAE of the course; the KL weight is that of the end of warm-up."""

    rungs = ("eager", "fused Adam", "compile")

    def __init__(self, cells, options, rung):
        self.cells, self.batch, self.latent = cells, options["batch"], options["latent"]
        self.variational = options["type"] == "vae"
        self.model = models.MODELS[options["type"]](cells.shape[1], options).train()
        self.optimizer = adam(self.model.parameters(), 1e-3, (0.9, 0.999), rung != "eager")
        self.loss = torch.compile(self.compute_loss) if rung == "compile" else self.compute_loss

    def compute_loss(self, x, noise):
        if not self.variational:
            return models.squared_error(self.model(x), x, "mean")
        output, mu, logvar = self.model(x, noise)
        return models.squared_error(output, x, "mean") + 0.1 * models.kl_divergence(mu, logvar, "mean")

    def __call__(self, rows):
        noise = torch.randn(len(rows), self.latent) if self.variational else None
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.cells[rows], noise)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


class GanStep:
    """One iteration of the course's GAN: five critic updates and one of the generator."""

    rungs = ("eager", "fused Adam")

    def __init__(self, cells, options, rung):
        self.cells, self.batch, self.latent = cells, options["batch"], options["latent"]
        self.model = models.Gan(cells.shape[1], options).train()
        fused = rung != "eager"
        self.generator_optimizer = adam(self.model.generator.parameters(), 2e-4, (0.5, 0.999), fused)
        self.critic_optimizer = adam(self.model.critic.parameters(), 2e-4, (0.5, 0.999), fused)

    def critic_update(self, x, z):
        critic = self.model.critic
        with torch.no_grad():
            generated = self.model.generator(z)
        real_logit = critic(x + 0.01 * torch.randn_like(x))
        adversarial = models.critic_loss("bce", real_logit, critic(generated), 0.1)
        a = torch.rand(len(x), 1)
        penalty, _ = models.gradient_penalty(critic, a * x + (1 - a) * generated, "probability")
        loss = adversarial + 0.1 * penalty
        self.critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimizer.step()
        return loss.detach(), penalty.detach()

    def generator_update(self, z):
        generated = self.model.generator(z)
        loss = models.generator_loss("bce", self.model.critic(generated)) + 0.01 * generated.abs().mean()
        self.generator_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.generator_optimizer.step()
        return loss.detach()

    def __call__(self, rows):
        x, z = self.cells[rows], torch.randn(len(rows), self.latent)
        for _ in range(5):
            losses = self.critic_update(x, z)
        return (*losses, self.generator_update(z))


def step_times(step, seconds, generator):
    """Microseconds of single steps over random batches, for about `seconds` and at least 10 steps."""
    times = []
    for k in range(100_000):
        rows = torch.randint(len(step.cells), (step.batch,), generator=generator)
        start = time.perf_counter()
        step(rows)
        elapsed = time.perf_counter() - start
        if k >= WARMUP_STEPS:
            times.append(1e6 * elapsed)
        if len(times) >= 10 and sum(times) >= 1e6 * seconds:
            break
    return times


def build_step(cells, options, rung):
    torch.manual_seed(0)
    return (GanStep if options["type"] == "gan" else AutoencoderStep)(cells, options, rung)
