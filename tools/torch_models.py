"""Our three models as plain PyTorch modules: what golden files, benchmarks and to_torch.py measure sparcell against.

The modules' state_dict names are the names of sparcell's parameters, so a checkpoint loads by name.
"""
import copy
import math

import torch
from torch import nn

ACTIVATIONS = {
    "identity": lambda slope: nn.Identity(),
    "relu": lambda slope: nn.ReLU(),
    "leaky_relu": nn.LeakyReLU,
    "silu": lambda slope: nn.SiLU(),
    "elu": lambda slope: nn.ELU(),
    "tanh": lambda slope: nn.Tanh(),
    "softplus": lambda slope: nn.Softplus(),
}
NORMALIZATIONS = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


def hidden_layers(width, options, linear=nn.Linear, dropout=lambda p, layer: nn.Dropout(p), first_layer=0, beside_last=0):
    """Linear, [normalization,] activation, dropout for each hidden width; dropout stands there even where p is 0. The last
    of them sees `beside_last` features beside the output of the one before."""
    layers = []
    for i, (hidden, p) in enumerate(zip(options["hidden"], options["dropout"], strict=True)):
        layers.append(linear(width + (beside_last if i + 1 == len(options["hidden"]) else 0), hidden))
        if options["normalization"] != "none":
            layers.append(NORMALIZATIONS[options["normalization"]](hidden))
        layers += [ACTIVATIONS[options["activation"]](options["slope"]), dropout(p, first_layer + i)]
        width = hidden
    return layers, width


def network(inputs, outputs, options, linear=nn.Linear, **how):
    """Hidden layers and a linear output; no output layer where `outputs` is None."""
    layers, width = hidden_layers(inputs, options, linear, **how)
    if outputs is not None:
        layers.append(linear(width, outputs))
    return nn.Sequential(*layers)


def mirrored(options):
    """The decoder's options: widths in reverse, dropout as given or in reverse."""
    dropout = options.get("decoder_dropout") or options["dropout"][::-1]
    return {**options, "hidden": options["hidden"][::-1], "dropout": dropout}


def spectral_linear(inputs, outputs):
    return nn.utils.spectral_norm(nn.Linear(inputs, outputs))


class Standardize(nn.Module):
    """What hidden layers see of a cell; the numbers are the training cells'."""

    def __init__(self, genes):
        super().__init__()
        self.register_buffer("mean", torch.zeros(genes))
        self.register_buffer("inverse_deviation", torch.ones(genes))

    def forward(self, x):
        return (x - self.mean) * self.inverse_deviation


def of_counts(options):
    return options.get("likelihood") in ("nb", "zinb")


def decoder_outputs(genes, options):
    """Log rates, then of zinb the gates' logits, then where it is decoded the log library size."""
    if not of_counts(options):
        return genes
    return genes * (2 if options["likelihood"] == "zinb" else 1) + (options["library"] == "decoded")


def told(layers, x, *conditions):
    """Through `layers`, whose first product the conditions' parts add to."""
    y = layers[0](x)
    for part in conditions:
        y = y + part
    return layers[1:](y)


class LearnedPairs(nn.Module):
    """What genes that are perturbed together are beside their sum: products of a learned matrix's numbers of each gene,
    summed over pairs. `genes` has a vector in each row; `parts` says which of them a cell has."""

    def __init__(self, width, rank):
        super().__init__()
        self.weight = nn.Parameter(nn.Linear(width, rank).weight.detach().clone())
        self.genes = None

    def forward(self, parts):
        q = self.genes @ self.weight.T
        return ((parts @ q).square() - parts @ q.square()) / 2


def tell_genes(model, genes):
    """The vectors of genes that are perturbed together, to whatever in the model multiplies them."""
    for module in model.modules():
        if isinstance(module, LearnedPairs):
            module.genes = genes


class Decoder:
    """What both autoencoders share: the standardized input, the linear path to genes, what it is told of the cells, and
    the output's activation."""

    def add_conditions(self, name, width, first, last, options):
        """Weights of `width` conditions: into the first layer's product and, beside a linear path, into the last one's."""
        skips = options.get("skip") and first is not None
        setattr(self, name + "_condition", nn.Linear(width, first if first is not None else last, bias=False))
        setattr(self, name + "_skip_condition", nn.Linear(width, last, bias=False) if skips else None)
        rank = options.get("rank", 0)
        if rank > 0:
            setattr(self, name + "_pairs", nn.Linear(rank, first if first is not None else last, bias=False))
            setattr(self, name + "_skip_pairs", nn.Linear(rank, last, bias=False) if skips else None)

    def condition_part(self, name, conditions):
        """What conditions add to the product that `name` has weights for; behind them stand the genes perturbed together."""
        if getattr(self, name + "_pairs", None) is None:
            return getattr(self, name + "_condition")(conditions)
        known = getattr(self, name + "_condition").in_features
        pairs = self.pairs(conditions[:, known:])
        return getattr(self, name + "_condition")(conditions[:, :known]) + getattr(self, name + "_pairs")(pairs)

    def add_decoder(self, genes, options, **how):
        latent = options["latent"]
        self.input = Standardize(genes) if options.get("standardize") else nn.Identity()
        outputs = decoder_outputs(genes, options)
        self.decoder = network(latent, outputs, mirrored(options), first_layer=len(options["hidden"]), **how)
        self.decoder_skip = nn.Linear(latent, outputs, bias=False) if options.get("skip") else None
        self.output = ACTIVATIONS[options.get("output", "identity")](0)
        self.decoder_condition = self.decoder_skip_condition = None
        self.encoder_condition = self.encoder_skip_condition = None
        width, hidden = options.get("conditions", 0), options["hidden"]
        if options.get("rank", 0) > 0:
            self.pairs = LearnedPairs(options["gene_width"], options["rank"])
        if width > 0:
            self.add_conditions("decoder", width, hidden[-1] if hidden else None, outputs, options)
        if width > 0 and options.get("condition_encoder"):
            linear_path = {**options, "skip": options.get("skip") and isinstance(self, Autoencoder)}
            self.add_conditions("encoder", width, hidden[0] if hidden else None, latent, linear_path)

    def decode(self, z, conditions=None):
        has_conditions = self.decoder_condition is not None
        y = told(self.decoder, z, self.condition_part("decoder", conditions)) if has_conditions else self.decoder(z)
        if self.decoder_skip is not None:
            y = y + self.decoder_skip(z)
        if self.decoder_skip_condition is not None:
            y = y + self.condition_part("decoder_skip", conditions)
        return self.output(y)

    def encode(self, x, conditions):
        if self.encoder_condition is None:
            return self.encoder(self.input(x))
        return told(self.encoder, self.input(x), self.condition_part("encoder", conditions))


class Autoencoder(nn.Module, Decoder):
    def __init__(self, genes, options, **how):
        super().__init__()
        self.encoder = network(genes, options["latent"], options, **how)
        self.encoder_skip = nn.Linear(genes, options["latent"], bias=False) if options.get("skip") else None
        self.add_decoder(genes, options, **how)

    def embed(self, x, conditions=None):
        z = self.encode(x, conditions)
        if self.encoder_skip is not None:
            z = z + self.encoder_skip(x)
        return z if self.encoder_skip_condition is None else z + self.condition_part("encoder_skip", conditions)

    def forward(self, x, conditions=None, told_encoder=None):
        """`told_encoder`: conditions of x, where x are other cells than those that `conditions` are of."""
        return self.decode(self.embed(x, conditions if told_encoder is None else told_encoder), conditions)


class VariationalAutoencoder(nn.Module, Decoder):
    """A likelihood of counts reads log(1 + count) and, behind them, the log library size."""

    def __init__(self, genes, options, **how):
        super().__init__()
        latent = options["latent"]
        features = genes + 1 if of_counts(options) else genes
        self.encoder = network(features, None, options, **how)
        self.mu = nn.Linear(options["hidden"][-1], latent)
        self.mu_skip = nn.Linear(features, latent, bias=False) if options.get("skip") else None
        self.logvar = nn.Linear(options["hidden"][-1], latent)
        self.add_decoder(genes, options, **how)
        if of_counts(options):
            groups = options.get("groups", 0)  # of cells with dispersions of their own
            self.log_dispersion = nn.Parameter(torch.zeros((groups, genes) if groups > 0 else genes))
        elif options.get("likelihood") == "gaussian":
            self.log_variance = nn.Parameter(torch.zeros(1 if options["variance"] == "shared" else genes))

    def posterior(self, x, conditions=None):
        h = self.encode(x, conditions)
        mu = self.mu(h)
        return mu if self.mu_skip is None else mu + self.mu_skip(x), self.logvar(h)

    def embed(self, x, conditions=None):
        return self.posterior(x, conditions)[0]

    def forward(self, x, noise, conditions=None, told_encoder=None):
        mu, logvar = self.posterior(x, conditions if told_encoder is None else told_encoder)
        return self.decode(mu + torch.exp(logvar / 2) * noise, conditions), mu, logvar


class Library(nn.Module):
    """Quantiles of log library sizes in units of their deviation, and those units: mean and deviation."""

    def __init__(self, entries=1025):
        super().__init__()
        self.register_buffer("quantiles", torch.zeros(entries))
        self.register_buffer("scale", torch.zeros(2))


class Gan(nn.Module):
    """`generator` leads to outputs, `cells` from there to cells; `average` has the averaged weights, where there are some.
    Conditions of a cell stand beside z, and beside the cell as the critic sees it; so do products of genes that are perturbed
    together, those of the generator and, of another matrix, those of the critic."""

    def __init__(self, genes, options, **how):
        super().__init__()
        self.options = {"output": "identity", "library": "none", "gate_temperature": 0.5, "weight_average": 0.0, **options}
        hurdle, library = self.options["output"] == "hurdle", self.options["library"] != "none"
        self.inputs, told_width = options["latent"] + library, options.get("conditions", 0)
        outputs = 2 * genes if hurdle else genes
        self.generator = network(self.inputs, outputs, options["generator"], **how)
        first = (options["generator"]["hidden"] or [outputs])[0]
        self.generator_condition = nn.Linear(told_width, first, bias=False) if told_width > 0 else None
        averages = self.options["weight_average"] > 0
        self.average = copy.deepcopy(self.generator).requires_grad_(False) if averages else None
        self.average_condition = None
        if averages and told_width > 0:
            self.average_condition = copy.deepcopy(self.generator_condition).requires_grad_(False)
        rank, self.told_width = options.get("rank", 0), told_width
        if rank > 0:
            self.generator_pairs = nn.Linear(rank, first, bias=False)
            self.generator_genes, self.critic_genes = (LearnedPairs(options["gene_width"], rank) for _ in range(2))
            if averages:
                self.average_pairs = copy.deepcopy(self.generator_pairs).requires_grad_(False)
                self.average_genes = copy.deepcopy(self.generator_genes).requires_grad_(False)
        self.library = Library() if library else None
        critic_linear = spectral_linear if options["spectral_norm"] else nn.Linear
        self.deviates = options.get("minibatch", "none") == "deviation"
        self.critic = network(genes + told_width + rank, 1, options["critic"], critic_linear, beside_last=self.deviates, **how)

    def outputs(self, z, conditions=None, name="generator"):
        """Of the generator on z and the cells' conditions, behind which stand the genes perturbed together."""
        layers, weights, pairs = (getattr(self, name + part, None) for part in ("", "_condition", "_pairs"))
        if weights is None:
            return layers(z)
        parts = [weights(conditions[:, : self.told_width])]
        if pairs is not None:
            parts.append(pairs(getattr(self, name + "_genes")(conditions[:, self.told_width :])))
        return told(layers, z, *parts)

    def average_outputs(self, z, conditions=None):
        return self.outputs(z, conditions, "generator" if self.average is None else "average")

    def criticize(self, x, conditions=None):
        if conditions is not None:
            x = torch.cat([x, conditions[:, : self.told_width]], 1)
            if getattr(self, "critic_genes", None) is not None:
                x = torch.cat([x, self.critic_genes(conditions[:, self.told_width :])], 1)
        if not self.deviates:
            return self.critic(x)
        last_hidden = [i for i, layer in enumerate(self.critic) if isinstance(layer, nn.Linear)][-2]
        h = self.critic[:last_hidden](x)
        deviation = (h.var(0, unbiased=False) + 1e-8).sqrt().mean()
        return self.critic[last_hidden:](torch.cat([h, deviation.expand(len(h), 1)], 1))

    def cells(self, outputs, noise=None, size=None):
        """Gates are open where gate + noise > 0 and have the gradient of a sigmoid; size is the library's."""
        if self.options["output"] == "hurdle":
            value, gate = outputs.chunk(2, 1)
            drawn, value = gate + noise, nn.functional.softplus(value)
            soft = torch.sigmoid(drawn / self.options["gate_temperature"])
            x = (drawn > 0) * value + (soft - soft.detach()) * value.detach()
        else:
            x = ACTIVATIONS[self.options["output"]](0)(outputs)
        if self.options["library"] != "output":
            return x
        counts = torch.expm1(x)
        total = torch.exp(self.library.scale[0] + self.library.scale[1] * size)
        return torch.log1p(counts * (total / counts.sum(1))[:, None])


MODELS = {"autoencoder": Autoencoder, "vae": VariationalAutoencoder, "gan": Gan}


def squared_error(output, target, reduction):
    """Mean over cells; over genes mean or sum."""
    error = (output - target).square()
    return error.mean() if reduction == "mean" else error.sum(1).mean()


def kl_divergence(mu, logvar, reduction, free_bits=0.0):
    """Of N(mu, exp(logvar)) from N(0, 1): mean over cells; over latent dimensions mean or sum."""
    terms = -0.5 * (1 + logvar - mu.square() - logvar.exp())
    if free_bits > 0:
        terms = terms.clamp(min=free_bits)
    return terms.mean() if reduction == "mean" else terms.sum(1).mean()


def log_rates(output, genes, options):
    """Of the genes, as shares of `target_sum` or free."""
    logits = output[:, :genes]
    if options.get("rates", "exp") == "exp":
        return logits
    with_all_else = torch.cat([logits, torch.zeros_like(logits[:, :1])], dim=1)
    return math.log(options["target_sum"]) + nn.functional.log_softmax(with_all_else, dim=1)[:, :genes]


def count_loss(counts, output, log_library, log_dispersion, options):
    """Minus log-likelihood under (zero-inflated) negative binomials, every entry. Dispersions are of all cells, or of
    each."""
    genes = counts.shape[1]
    shift = output[:, -1:] if options["library"] == "decoded" else log_library
    log_mean = (log_rates(output, genes, options) + shift).clamp(math.log(1e-5), math.log(1e6))
    log_theta = log_dispersion.clamp(math.log(1e-4), math.log(1e4))
    theta = log_theta.exp()
    log_total = (theta + log_mean.exp()).log()
    log_nb = (torch.lgamma(counts + theta) - torch.lgamma(theta) - torch.lgamma(counts + 1)
              + theta * (log_theta - log_total) + counts * (log_mean - log_total))
    if options["likelihood"] == "nb":
        return -log_nb
    gate = output[:, genes : 2 * genes]
    log_open, log_shut = nn.functional.logsigmoid(-gate), nn.functional.logsigmoid(gate)
    return -torch.where(counts == 0, torch.logaddexp(log_shut, log_open + log_nb), log_open + log_nb)


def gaussian_loss(x, output, log_variance):
    return 0.5 * ((output - x).square() / log_variance.exp() + log_variance + math.log(2 * math.pi))


def expected_expression(output, genes, options):
    """Of a model of counts: log(1 + normalized counts)."""
    mean = log_rates(output, genes, options).exp()
    if options["likelihood"] == "zinb":
        mean = mean * torch.sigmoid(-output[:, genes : 2 * genes])
    return torch.log1p(mean)


def critic_loss(loss, real, generated, label_smoothing):
    """From logits. bce halves the sum of its two parts, as the course does; hinge and wgan do not."""
    if loss == "bce":
        bce = nn.functional.binary_cross_entropy_with_logits
        label = torch.full_like(real, 1 - label_smoothing)
        return (bce(real, label) + bce(generated, torch.zeros_like(generated))) / 2
    if loss == "wgan":
        return generated.mean() - real.mean()
    return torch.relu(1 - real).mean() + torch.relu(1 + generated).mean()


def generator_loss(loss, generated):
    if loss == "bce":
        return nn.functional.binary_cross_entropy_with_logits(generated, torch.ones_like(generated))
    return -generated.mean()


def gradient_penalty(critic, x, on, target=1.0):
    """mean((||grad_x D(x)|| - target)^2); D is the probability or the logit. Returns the input gradient beside it."""
    x = x.detach().requires_grad_()
    output = critic(x)
    if on == "probability":
        output = torch.sigmoid(output)
    (gradient,) = torch.autograd.grad(output.sum(), x, create_graph=True)
    return (gradient.norm(2, dim=1) - target).square().mean(), gradient
