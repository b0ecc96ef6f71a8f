"""What the rows of the GPU benchmark are measured beside, in PyTorch: the peers of gpu.py.

A training row's peers start from the same weights and take the same cells in the same order as sparcell (Exchange). Rungs of
the ladder, each with what the one before it has but for Lightning, which stands for itself:
  Lightning           a LightningModule, a DataLoader over dense rows in pinned host memory, Adam as PyTorch has it by default
  eager               the loop written out; a batch is gathered in host memory and copied
  data on the device  the batch is gathered there
  fused Adam
  compile             torch.compile of the forward pass with its loss (a critic's double backward does not compile)
  graph               the whole step of "fused Adam" as one CUDA graph
  compiled graph      the whole step of "compile" as one CUDA graph
On a CPU (rehearsals) there are no graphs, and nothing is measured.
"""
import sys
import time
from pathlib import Path

import numpy as np
import torch

TOOLS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOOLS), str(TOOLS / "golden"), str(TOOLS / "bench")]
import torch_models as models  # noqa: E402
import training as golden  # noqa: E402
from torch_gpu_ops import OF_OPS, captured  # noqa: E402

COMPARED_STEPS = 10
WARM_UP_STEPS = 50
STEPS = 200
LIGHTNING = "Lightning"


class Exchange:
    """Weights, cells and the order of batches that bench_gpu left in a folder, on a device."""

    def __init__(self, folder, peer, device):
        self.peer, self.device, self.options = peer, device, peer["options"]
        self.genes, self.batch = peer["genes"], peer["batch"]
        array = lambda name: torch.from_numpy(np.load(folder / f"{name}.npy"))  # noqa: E731
        self.weights = {path.stem: torch.from_numpy(np.load(path)) for path in (folder / "weights").glob("*.npy")}
        offsets, columns, values = array("offsets").to(device), array("indices").to(device), array("values").to(device)
        rows = torch.repeat_interleave(torch.arange(peer["cells"], device=device), offsets.diff())
        self.cells = torch.zeros(peer["cells"], self.genes, device=device)
        self.cells[rows, columns.long()] = values
        self.order = array("order").long()
        self.batches = len(self.order) // self.batch

    def rows(self, order, step):
        """Of the batch of a step."""
        first = step % self.batches * self.batch
        return order[first:first + self.batch]

    def model(self, **how):
        """The row's model with its weights, in training mode."""
        torch.manual_seed(0)
        model = models.MODELS[self.options["type"]](self.genes, self.options, **how)
        state = model.state_dict()
        missing = [name for name in state if name not in self.weights and not name.endswith("num_batches_tracked")]
        if missing:
            raise ValueError(f"bench_gpu gave no {missing[0]}")
        model.load_state_dict({name: self.weights[name].reshape(value.shape).to(value.dtype) if name in self.weights else value
                               for name, value in state.items()})
        return model.to(self.device).train()


def first_losses(exchange):
    """By name, the losses of the first ten steps with sparcell's masks and noise (tools/golden), in f32 on the device."""
    draws = golden.Draws(exchange.options["seed"], dtype=torch.float32, device=exchange.device)
    model = exchange.model(dropout=lambda p, layer: golden.Dropout(draws, p, layer))
    gan = exchange.options["type"] == "gan"
    trainer = (golden.GanTraining if gan else golden.AutoencoderTraining)(model, exchange.options, draws)
    trainer.cells = exchange.cells.__getitem__
    order = exchange.order.to(exchange.device)
    losses = {name: [] for name in trainer.parts}
    for step in range(COMPARED_STEPS):
        parts, _ = trainer.step(exchange.rows(order, step), step)
        for name, part in zip(trainer.parts, parts, strict=True):
            losses[name].append(part.item())
    return losses


def adam(parameters, options, **how):
    return torch.optim.Adam(parameters, lr=options["learning_rate"], betas=tuple(options["betas"]),
                            weight_decay=options["weight_decay"], **how)


class AutoencoderStep:
    """One step on a batch, of any rung."""

    def __init__(self, exchange, precision, fused=False, loss=None):
        self.model = exchange.model()
        self.optimizer = adam(self.model.parameters(), exchange.options["optimizer"],
                              **({"fused": True, "capturable": exchange.device != "cpu"} if fused else {}))
        self.reduction, self.device = exchange.options["reduction"], exchange.device
        self.autocast = precision == "bf16"
        self.loss = torch.compile(self.compute_loss) if loss == "compile" else self.compute_loss

    def compute_loss(self, x):
        with torch.autocast(self.device, torch.bfloat16, enabled=self.autocast):
            output = self.model(x)
        return models.squared_error(output.float(), x, self.reduction)

    def __call__(self, x):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(x)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


class CriticStep:
    """One update of a WGAN's critic with a gradient penalty and one power iteration a step."""

    def __init__(self, exchange, precision, fused=False):
        if exchange.options["loss"] != "wgan" or exchange.options["spectral_iterations"] != "per_step":
            raise ValueError("the critic's peer is a WGAN with one power iteration a step")
        self.model, self.options, self.device = exchange.model(), exchange.options, exchange.device
        self.autocast = precision == "bf16"
        self.optimizer = adam(self.model.critic.parameters(), self.options["critic_optimizer"],
                              **({"fused": True, "capturable": exchange.device != "cpu"} if fused else {}))

    def criticize(self, x, iterate):
        for layer in self.model.critic:
            if isinstance(layer, torch.nn.Linear):
                layer.train(iterate)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.autocast):
            return self.model.critic(x).float()

    def __call__(self, x):
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16, enabled=self.autocast):
            generated = self.model.generator(torch.randn(len(x), self.options["latent"], device=self.device)).float()
        real = self.criticize(x + self.options["instance_noise"] * torch.randn_like(x), True)
        adversarial = models.critic_loss("wgan", real, self.criticize(generated, False), 0.0)
        a = torch.rand(len(x), 1, device=self.device)
        penalty, _ = models.gradient_penalty(lambda between: self.criticize(between, False), a * x + (1 - a) * generated,
                                             self.options["penalty_on"], self.options["penalty_target"])
        loss = adversarial + self.options["penalty_weight"] * penalty
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


class Loop:
    """Steps over the batches in order; `step` takes a batch of cells."""

    def __init__(self, exchange, step, data_on_device):
        self.exchange, self.step = exchange, step
        on_device = exchange.device if data_on_device else "cpu"
        self.cells, self.order = exchange.cells.to(on_device), exchange.order.to(on_device)

    def run(self, steps):
        for k in range(steps):
            self.step(self.cells[self.exchange.rows(self.order, k)].to(self.exchange.device))


class GraphLoop:
    """Steps as one graph: the rows of the batch are copied into it."""

    def __init__(self, exchange, step):
        self.exchange, self.order = exchange, exchange.order.to(exchange.device)
        self.rows = exchange.rows(self.order, 0).clone()
        self.replay = captured(lambda: step(exchange.cells[self.rows]))

    def run(self, steps):
        for k in range(steps):
            self.rows.copy_(self.exchange.rows(self.order, k))
            self.replay()


class LightningLoop:
    """The course's way. A turn is one fit, of which the steps after warm-up count: setting a fit up does not."""

    def __init__(self, exchange, precision):
        import lightning
        import warnings

        warnings.filterwarnings("ignore", module="lightning")
        self.lightning, self.exchange, self.precision = lightning, exchange, precision
        steps = WARM_UP_STEPS + STEPS
        rows = exchange.order[:steps * exchange.batch]
        self.cells = torch.utils.data.TensorDataset(exchange.cells.cpu()[rows])
        optimizer, reduction = exchange.options["optimizer"], exchange.options["reduction"]

        class Module(lightning.LightningModule):
            def __init__(self):
                super().__init__()
                self.model = exchange.model()

            def training_step(self, batch, _):
                loss = models.squared_error(self.model(batch[0]), batch[0], reduction)
                self.log("train_loss", loss)
                return loss

            def configure_optimizers(self):
                return adam(self.parameters(), optimizer)

        self.module = Module()

    def fit(self, steps, on_batch=lambda _: None):
        class Marks(self.lightning.Callback):
            def on_train_batch_end(self, trainer, module, outputs, batch, index):
                on_batch(trainer.global_step)

        loader = torch.utils.data.DataLoader(self.cells, batch_size=self.exchange.batch,
                                             pin_memory=self.exchange.device != "cpu")
        trainer = self.lightning.Trainer(
            max_steps=steps, accelerator="cpu" if self.exchange.device == "cpu" else "gpu", devices=1, callbacks=[Marks()],
            precision="bf16-mixed" if self.precision == "bf16" else "32-true", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False)
        trainer.fit(self.module, loader)

    def run(self, steps):
        self.fit(steps)

    def microseconds(self):
        """A step's, on the host's clock with the device waited for: here the host is what limits."""
        marks = {}

        def mark(step):
            if step in (WARM_UP_STEPS, WARM_UP_STEPS + STEPS):
                torch.cuda.synchronize()
                marks[step] = time.perf_counter()

        self.fit(WARM_UP_STEPS + STEPS, mark)
        return 1e6 * (marks[WARM_UP_STEPS + STEPS] - marks[WARM_UP_STEPS]) / STEPS


def set_precision(precision):
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"


def autoencoder_rungs(exchange, precision):
    """Names and makers, in the order of the ladder."""
    compiled = []  # one compilation serves two rungs

    def compiled_step():
        if not compiled:
            compiled.append(AutoencoderStep(exchange, precision, fused=True, loss="compile"))
        return compiled[0]

    return {
        LIGHTNING: lambda: LightningLoop(exchange, precision),
        "eager": lambda: Loop(exchange, AutoencoderStep(exchange, precision), False),
        "data on the device": lambda: Loop(exchange, AutoencoderStep(exchange, precision), True),
        "fused Adam": lambda: Loop(exchange, AutoencoderStep(exchange, precision, fused=True), True),
        "compile": lambda: Loop(exchange, compiled_step(), True),
        "graph": lambda: GraphLoop(exchange, AutoencoderStep(exchange, precision, fused=True)),
        "compiled graph": lambda: GraphLoop(exchange, compiled_step()),
    }


def critic_rungs(exchange, precision):
    return {
        "eager": lambda: Loop(exchange, CriticStep(exchange, precision), False),
        "data on the device": lambda: Loop(exchange, CriticStep(exchange, precision), True),
        "fused Adam": lambda: Loop(exchange, CriticStep(exchange, precision, fused=True), True),
        "graph": lambda: GraphLoop(exchange, CriticStep(exchange, precision, fused=True)),
    }


def rungs(peer, folder, precision, device):
    """(exchange or None, {name: maker}) of what a row is measured beside."""
    if peer["kind"] in OF_OPS:
        name, make = OF_OPS[peer["kind"]]
        return None, {name: lambda: make(peer, device)}
    set_precision(precision)
    exchange = Exchange(folder, peer, device)
    return exchange, (critic_rungs if peer["kind"] == "gan" else autoencoder_rungs)(exchange, precision)


def microseconds(loop, times):
    """Of one of `times` pieces of work, by events."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    loop.run(times)
    end.record()
    end.synchronize()
    return 1e3 * start.elapsed_time(end) / times
