"""Writes tests/golden/training_<case>.h5: 20 training steps of each model in PyTorch, f64, for tests/model to compare with.

    python tools/golden/training.py tests/golden [case ...]        needs torch, numpy, h5py

Weights, data and row order are in the file; masks and noise come from philox.py with the streams of core/random.h:
  autoencoder, VAE   step = training step: dropout index = layer (pass 0; decoder layers go on counting), noise latent/0,
                     augmentation/0 one element per cell (its share), augmentation/1 one per entry, augmentation/2 one
                     per cell (the control that the encoder sees in its place)
  GAN                iteration i, critic update u = i * critic_steps + j; all updates of an iteration see the same cells
      generator_input/0 step i (per_iteration, and the generator's update), generator_input/1 step u (per_update)
      generator_input/2 and 3 the gates of a hurdle, by generator pass (below) and its step; generator_input/4 and 5 library
      sizes, one element per cell, as 0 and 1; generate/1 the gates of cells that are asked for
      instance_noise/0 step u, interpolation/0 step u (one element per cell)
      dropout index = pass * 16 + layer; generator pass 0 in critic updates (step u), 1 in its own update (step i);
      critic pass 2 real, 3 generated, 4 interpolated (step u), 5 in the generator's update (step i)
Initial values and data are exact in f32, so that an f32 run starts from the same numbers. Gradients of the first step
are those of the loss: before clipping and weight decay; a critic's are those of the first of its updates.
"""
import sys
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import torch_models as models  # noqa: E402
from cases import CASES  # noqa: E402
from philox import Purpose, check_published_vectors, normal, uniform, words  # noqa: E402

CELLS, GENES, STEPS, BATCH = 96, 40, 20, 16


class Draws:
    """Where the streams stand: the pass and the step that dropout and noise are drawn for. Numbers become tensors `as_`."""

    def __init__(self, seed, **as_):
        self.seed, self.pass_, self.step, self.as_ = seed, 0, 0, as_

    def at(self, step, pass_=0):
        self.step, self.pass_ = step, pass_

    def mask(self, p, layer, shape):
        u = uniform(self.seed, Purpose.DROPOUT, self.pass_ * 16 + layer, self.step, shape[0] * shape[1])
        return self.tensor((u >= p) / (1 - p), shape)

    def normal(self, purpose, index, step, shape):
        return self.tensor(normal(self.seed, purpose, index, step, shape[0] * shape[1]), shape)

    def uniform(self, purpose, index, step, shape):
        return self.tensor(uniform(self.seed, purpose, index, step, shape[0] * shape[1]), shape)

    def tensor(self, values, shape):
        return torch.from_numpy(values).reshape(shape).to(**self.as_)


class Dropout(nn.Module):
    """Dropout whose mask is drawn from a counter."""

    def __init__(self, draws, p, layer):
        super().__init__()
        self.draws, self.p, self.layer = draws, p, layer

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        return x * self.draws.mask(self.p, self.layer, x.shape)


def mixed(x, data, probability, seed, step):
    """The augmentation "mix" of a batch (include/sparcell/ops/mix.h): entries exchanged for those of random cells."""
    share = probability * uniform(seed, Purpose.AUGMENTATION, 0, step, len(x))[:, None]
    number = words(seed, Purpose.AUGMENTATION, 1, step, x.size)[: x.size].reshape(x.shape) / 2.0**32
    cell = np.floor(len(data) * (number / share)).astype(np.int64)
    nonzeros_first = np.take_along_axis(data, np.argsort(data == 0, axis=0, kind="stable"), axis=0)
    return np.where(number < share, np.take_along_axis(nonzeros_first, np.minimum(cell, len(data) - 1), axis=0), x)


def partners(rows, controls, share, seed, step):
    """Who stands in for the cells of a batch (include/sparcell/ops/partners.h)."""
    u = uniform(seed, Purpose.AUGMENTATION, 2, step, len(rows))
    number = np.minimum((len(controls) * (u / share)).astype(np.int64), len(controls) - 1)
    return np.where(u < share, controls[number], rows)


def simulated_conditions(seed, width):
    """A quarter of the cells are controls, of zeros; others have one or two of the first conditions, all one of two batches."""
    random = np.random.default_rng(seed + 1)
    conditions = np.zeros((CELLS, width))
    for cell in range(CELLS):
        conditions[cell, width - 2 + random.integers(2)] = 1
        if cell % 4 > 0:
            for gene in random.choice(width - 2, random.integers(1, 3), replace=False):
                conditions[cell, gene] += 0.5 + random.integers(3) / 4
    return conditions, np.arange(0, CELLS, 4)


def with_pairs(seed, conditions, options):
    """Behind the conditions of cells of two genes a 1 for each of them, and the genes' vectors."""
    parts = (conditions[:, :-2] != 0).astype(np.float64)
    parts[parts.sum(axis=1) < 2] = 0
    vectors = np.random.default_rng(seed + 2).integers(-4, 5, (parts.shape[1], options["gene_width"])) / 4
    return np.concatenate([conditions, parts], axis=1), vectors


def simulated_data(seed, density=0.3):
    """Log-normalized look: a share of non-zeros, one gene and one cell without any."""
    random = np.random.default_rng(seed)
    x = np.log1p(random.gamma(1.5, 1.5, (CELLS, GENES)) * (random.random((CELLS, GENES)) < density))
    x[:, 7] = 0
    x[11] = 0
    return x.astype(np.float32).astype(np.float64)


def simulated_counts(seed):
    """Counts of 40 genes, one of them and one cell without any; library sizes, which other genes add to."""
    random = np.random.default_rng(seed)
    x = random.negative_binomial(1.5, 0.4, (CELLS, GENES)) * (random.random((CELLS, GENES)) < 0.4)
    x[:, 7] = 0
    x[11] = 0
    x[:, 3] *= 40
    return x.astype(np.float64), (x.sum(axis=1) + random.integers(1, 60, CELLS)).astype(np.float64)


def row_order(seed):
    """Epochs of shuffled rows, cut to STEPS batches; CELLS is a multiple of BATCH."""
    random = np.random.default_rng(seed)
    epochs = -(-STEPS * BATCH // CELLS)
    return np.concatenate([random.permutation(CELLS) for _ in range(epochs)])[: STEPS * BATCH]


def optimizer(parameters, options):
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[options["type"]](
        parameters,
        lr=options["learning_rate"],
        betas=tuple(options["betas"]),
        eps=1e-8,
        weight_decay=options["weight_decay"],
    )


def gradients(module, prefix=""):
    return {prefix + name: p.grad.clone() for name, p in module.named_parameters()}


class AutoencoderTraining:
    """One step of the autoencoder or the VAE."""

    def __init__(self, model, options, draws, data=None, conditions=None, controls=None):
        self.model, self.options, self.draws, self.data = model, options, draws, data
        self.conditions, self.controls = conditions, controls
        self.optimizers = [optimizer(model.parameters(), options["optimizer"])]
        self.variational = options["type"] == "vae"
        self.parts = ["loss", "reconstruction", "kl"] if self.variational else ["loss"]

    def cells(self, rows):
        return torch.from_numpy(self.data[rows])

    def told(self, rows, step):
        """What the encoder sees, and the conditions that the decoder and the encoder are told."""
        x = self.cells(rows)
        if self.conditions is None:
            return x, ()
        seen = rows
        if self.options["control_input"] > 0:
            seen = partners(rows, self.controls, self.options["control_input"], self.draws.seed, step)
        told = tuple(torch.from_numpy(self.conditions[of]) for of in (rows, seen))
        return self.cells(seen), told

    def loss(self, rows, step):
        if self.options.get("likelihood", "mse") != "mse":
            return self.likelihood_loss(rows, step)
        reduction = self.options["reduction"]
        x, (seen, told) = self.cells(rows), self.told(rows, step)
        if self.options.get("mix", 0) > 0:
            x = seen = torch.from_numpy(mixed(x.numpy(), self.data, self.options["mix"], self.draws.seed, step))
        if not self.variational:
            return (models.squared_error(self.model(seen, *told), x, reduction),)
        noise = self.draws.normal(Purpose.LATENT, 0, step, (len(x), self.options["latent"]))
        output, mu, logvar = self.model(seen, noise, *told)
        reconstruction = models.squared_error(output, x, reduction)
        kl = models.kl_divergence(mu, logvar, self.options["kl_reduction"])
        return reconstruction + self.options["kl_weight"][step] * kl, reconstruction, kl

    def features(self, x):
        """What the encoder reads of counts, which the log library size follows."""
        if not models.of_counts(self.options):
            return x
        return torch.cat([torch.log1p(x[:, :-1]), x[:, -1:]], dim=1)

    def likelihood_loss(self, rows, step):
        options, x = self.options, self.cells(rows)
        noise = self.draws.normal(Purpose.LATENT, 0, step, (len(x), options["latent"]))
        output, mu, logvar = self.model(self.features(x), noise)
        if models.of_counts(options):
            dispersion = self.model.log_dispersion
            if options.get("groups", 0) > 0:
                dispersion = dispersion[torch.from_numpy(rows % options["groups"])]
            terms = models.count_loss(x[:, :-1], output, x[:, -1:], dispersion, options)
        else:
            terms = models.gaussian_loss(x, output, self.model.log_variance)
        reconstruction = terms.mean() if options["reduction"] == "mean" else terms.sum(1).mean()
        kl = models.kl_divergence(mu, logvar, options["kl_reduction"])
        counted = models.kl_divergence(mu, logvar, options["kl_reduction"], options["free_bits"])
        return reconstruction + options["kl_weight"][step] * counted, reconstruction, kl

    def step(self, rows, step):
        self.draws.at(step)
        parts = self.loss(rows, step)
        self.optimizers[0].zero_grad()
        parts[0].backward()
        first_gradients = gradients(self.model)
        if self.options["clip_norm"] > 0:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.options["clip_norm"])
        self.optimizers[0].step()
        return parts, first_gradients

    def evaluate(self, x):
        told = None if self.conditions is None else torch.from_numpy(self.conditions)
        with torch.no_grad():
            latent = self.model.embed(self.features(x), told)
            output, values = self.model.decode(latent, told), x
            if models.of_counts(self.options):
                output = models.expected_expression(output, GENES, self.options)
                values = torch.from_numpy(self.expression)
            error = models.squared_error(output, values, "mean")
        return {"latent": latent, "mse_at_mean": error}


class GanTraining:
    """One iteration of the GAN: its critic updates and one update of the generator."""

    parts = ["discriminator", "penalty", "generator", "sparsity"]

    def __init__(self, model, options, draws, data=None, conditions=None, controls=None):
        self.model, self.options, self.draws, self.data = model, options, draws, data
        self.conditions, self.told = conditions, None
        self.optimizers = [
            optimizer(self.of("generator", "parameters"), options["generator_optimizer"]),
            optimizer(self.of("critic", "parameters"), options["critic_optimizer"]),
        ]

    def modules_of(self, name):
        """Of the generator, of its averages or of the critic."""
        all_of = [name, name + "_condition", name + "_pairs", name + "_genes"]
        return {part: module for part in all_of if (module := getattr(self.model, part, None)) is not None}

    def of(self, name, kind):
        """Their parameters or buffers."""
        return [values for module in self.modules_of(name).values() for values in getattr(module, kind)()]

    def gradients_of(self, name):
        return {key: values for part, module in self.modules_of(name).items() for key, values in gradients(module, part + ".").items()}

    def generate(self, cells, index, step, pass_, pass_step):
        """Generated cells, and the network's outputs that they come from."""
        z = self.draws.normal(Purpose.GENERATOR_INPUT, index, step, (cells, self.model.inputs))
        if self.model.library is not None:
            u = uniform(self.draws.seed, Purpose.GENERATOR_INPUT, 4 + index, step, cells)
            table = self.model.library.quantiles.numpy()
            z[:, -1] = torch.from_numpy(np.interp(u * (len(table) - 1), np.arange(len(table)), table))
        self.draws.at(pass_step, pass_)
        outputs = self.model.outputs(z, self.told)
        return self.model.cells(outputs, self.noise(Purpose.GENERATOR_INPUT, 2 + pass_, pass_step, cells), z[:, -1]), outputs

    def noise(self, purpose, index, step, cells):
        u = self.draws.uniform(purpose, index, step, (cells, GENES))
        return torch.log(u) - torch.log(1 - u)

    def sparsity(self, generated, outputs):
        if self.options.get("sparsity_term", "size") == "size":
            return generated.abs().mean()
        share = torch.from_numpy((self.data != 0).mean(axis=0))
        off = torch.sigmoid(outputs[:, GENES:]).mean(0) - share
        return (off.square() / (share * (1 - share) + 0.005)).mean()

    def move_average(self, step):
        if self.model.average is None:
            return
        d = min(self.options["weight_average"], step / (step + 10))
        with torch.no_grad():
            for kind in ("parameters", "buffers"):
                pairs = zip(self.of("average", kind), self.of("generator", kind), strict=True)
                for average, value in pairs:
                    if average.is_floating_point():
                        average.mul_(d).add_((1 - d) * value)

    def criticize(self, x, pass_, step, iterate=True):
        """A pass through the critic; its spectral_norm hooks iterate only in training mode."""
        self.draws.at(step, pass_)
        for layer in self.model.critic:
            if isinstance(layer, nn.Linear):
                layer.train(iterate)
        return self.model.criticize(x, self.told)

    def critic_update(self, x, iteration, update):
        options = self.options
        every_pass = options["spectral_iterations"] == "per_pass"
        with torch.no_grad():
            index, step = (1, update) if options["latent_draw"] == "per_update" else (0, iteration)
            generated, _ = self.generate(len(x), index, step, 0, update)
        noise = options["instance_noise"] * self.draws.normal(Purpose.INSTANCE_NOISE, 0, update, x.shape)
        real_logit = self.criticize(x + noise, 2, update)
        generated_logit = self.criticize(generated, 3, update, every_pass)
        a = self.draws.uniform(Purpose.INTERPOLATION, 0, update, (len(x), 1))
        between = a * x + (1 - a) * generated
        penalty, _ = models.gradient_penalty(
            lambda between: self.criticize(between, 4, update, every_pass),
            between,
            options["penalty_on"],
            options["penalty_target"],
        )
        adversarial = models.critic_loss(options["loss"], real_logit, generated_logit, options["label_smoothing"])
        loss = adversarial + options["penalty_weight"] * penalty
        self.optimizers[1].zero_grad()
        loss.backward()
        update_gradients = self.gradients_of("critic")
        self.optimizers[1].step()
        return (loss, penalty), update_gradients

    def generator_update(self, cells, iteration):
        generated, outputs = self.generate(cells, 0, iteration, 1, iteration)
        logit = self.criticize(generated, 5, iteration)
        sparsity = self.sparsity(generated, outputs)
        loss = models.generator_loss(self.options["loss"], logit) + self.options["sparsity_weight"] * sparsity
        self.optimizers[0].zero_grad()
        loss.backward()
        update_gradients = self.gradients_of("generator")
        self.optimizers[0].step()
        self.move_average(iteration)
        return (loss, sparsity), update_gradients

    def cells(self, rows):
        return torch.from_numpy(self.data[rows])

    def step(self, rows, iteration):
        x = self.cells(rows)
        if self.conditions is not None:
            self.told = torch.from_numpy(self.conditions[rows])
        updates = self.options["critic_steps"]
        critic = [self.critic_update(x, iteration, iteration * updates + j) for j in range(updates)]
        parts, generator_gradients = self.generator_update(len(x), iteration)
        return critic[-1][0] + parts, {**generator_gradients, **critic[0][1]}

    def evaluate(self, x):
        z = self.draws.normal(Purpose.LATENT, 0, 0, (8, self.model.inputs))
        told = None if self.conditions is None else torch.from_numpy(self.conditions[:8])
        with torch.no_grad():
            outputs = self.model.average_outputs(z, told)
            generated = self.model.cells(outputs, self.noise(Purpose.GENERATE, 1, 0, 8), z[:, -1])
            return {"z": z, "generated": generated, "logit": self.model.criticize(x[:8], told)}


def write(group, values):
    for name, value in values.items():
        array = np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)
        if array.dtype == np.int64 and name.endswith("num_batches_tracked"):
            array = array.astype(np.float64)
        # A chunk index costs more than compression gains on small arrays.
        how = {"compression": "gzip", "compression_opts": 9, "shuffle": True} if array.size >= 128 else {}
        group.create_dataset(name, data=array, **how)


def write_attributes(file, options, prefix=""):
    for key, value in options.items():
        if isinstance(value, dict):
            write_attributes(file, value, f"{prefix}{key}.")
        elif not isinstance(value, np.ndarray):
            file.attrs[prefix + key] = int(value) if isinstance(value, bool) else value


def moments(training, model):
    names = {id(p): name for name, p in model.named_parameters()}
    for kind in training.optimizers:
        for p, state in kind.state.items():
            yield names[id(p)], {"exp_avg": state["exp_avg"], "exp_avg_sq": state["exp_avg_sq"]}


def build(options, draws, data):
    torch.manual_seed(options["seed"])
    model = models.MODELS[options["type"]](GENES, options, dropout=lambda p, layer: Dropout(draws, p, layer))
    if options.get("standardize"):
        deviation = data.std(axis=0)
        model.input.mean.copy_(torch.from_numpy(data.mean(axis=0)))
        model.input.inverse_deviation.copy_(torch.from_numpy(1 / np.maximum(deviation, 0.05 * deviation.max())))
    if getattr(model, "library", None) is not None:
        size = np.expm1(data).sum(axis=1)
        size = np.sort(np.log(size[size > 0]))
        scale = np.array([size.mean(), size.std()])
        places = np.linspace(0, len(size) - 1, len(model.library.quantiles))
        model.library.quantiles.copy_(torch.from_numpy((np.interp(places, np.arange(len(size)), size) - scale[0]) / scale[1]))
        model.library.scale.copy_(torch.from_numpy(scale))
    state = {name: value.float().double() if value.is_floating_point() else value
             for name, value in model.state_dict().items()}
    model.double().load_state_dict(state)
    return model.train(), {name: value.clone() for name, value in state.items()}


def run_case(path, options):
    seed = options["seed"]
    draws = Draws(seed)
    data, order, count_data = simulated_data(seed, options.get("density", 0.3)), row_order(seed), {}
    expression = data
    if models.of_counts(options):
        counts, library = simulated_counts(seed)
        target_sum = float(np.median(library))
        expression = np.log1p(counts * target_sum / library[:, None]).astype(np.float32).astype(np.float64)
        data = np.concatenate([counts, np.log(library / target_sum)[:, None]], axis=1)
        count_data, options = {"counts": counts[np.nonzero(counts)], "library": library}, options | {"target_sum": target_sum}
    conditions, controls = None, None
    if options.get("conditions", 0) > 0:
        conditions, controls = simulated_conditions(seed, options["conditions"])
    genes = None
    if options.get("rank", 0) > 0:
        conditions, genes = with_pairs(seed, conditions, options)
    model, initial = build(options, draws, data)
    if genes is not None:
        models.tell_genes(model, torch.from_numpy(genes))
    trainer = GanTraining if options["type"] == "gan" else AutoencoderTraining
    training = trainer(model, options, draws, data, conditions, controls)
    training.expression = expression
    losses, first_gradients = [], None
    for step in range(STEPS):
        parts, step_gradients = training.step(order[step * BATCH : (step + 1) * BATCH], step)
        losses.append([part.item() for part in parts])
        first_gradients = first_gradients or step_gradients
    final = {name: value.clone() for name, value in model.state_dict().items()}
    model.eval()
    evaluation = training.evaluate(torch.from_numpy(data))

    rows, columns = np.nonzero(expression)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=CELLS))]).astype(np.int64)
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        file.attrs["batch"], file.attrs["steps"] = BATCH, STEPS
        write_attributes(file, options)
        write(file.create_group("data"), {"offsets": offsets, "indices": columns.astype(np.int32),
                                          "values": expression[rows, columns], "shape": np.array(expression.shape),
                                          **count_data})
        if conditions is not None:
            write(file, {"condition": conditions, "controls": controls.astype(np.int32)})
        if genes is not None:
            write(file, {"genes": genes})
        write(file, {"order": order.astype(np.int32), "losses": np.array(losses)})
        file["losses"].attrs["names"] = ",".join(training.parts)
        write(file, {key: value for key, value in options.items() if isinstance(value, np.ndarray)})
        write(file.create_group("initial"), initial)
        step1 = file.create_group("step1")
        write(step1, dict(zip(training.parts, losses[0], strict=True)))
        write(step1.create_group("gradients"), first_gradients)
        write(file.create_group("final"), final)
        for name, pair in moments(training, model):
            write(file.create_group(f"final_moments/{name}"), pair)
        write(file.create_group("evaluation"), evaluation)
    print(f"{path}: {path.stat().st_size} bytes, losses {losses[0]} -> {losses[-1]}")


def main():
    check_published_vectors()
    torch.set_num_threads(1)
    folder, names = Path(sys.argv[1]), sys.argv[2:] or list(CASES)
    for name in names:
        run_case(folder / f"training_{name}.h5", CASES[name])


if __name__ == "__main__":
    main()
