"""The training runs of the golden files: small networks that between them use every option of the three models."""
import numpy as np

ADAM = {"type": "adam", "learning_rate": 1e-3, "betas": [0.9, 0.999], "weight_decay": 1e-5}
GAN_ADAM = {"type": "adam", "learning_rate": 2e-4, "betas": [0.5, 0.999], "weight_decay": 1e-5}
WGAN_ADAM = {"type": "adam", "learning_rate": 5e-4, "betas": [0.0, 0.9], "weight_decay": 0.0}

AUTOENCODER = {
    "type": "autoencoder",
    "seed": 101,
    "latent": 6,
    "hidden": [20, 12],
    "normalization": "batch",
    "activation": "relu",
    "slope": 0.2,
    "dropout": [0.2, 0.1],
    "decoder_dropout": [0.1, 0.2],
    "reduction": "mean",
    "clip_norm": 0.0,
    "optimizer": ADAM,
}
STEPS_PER_EPOCH, EPOCHS = 6, 4
VAE = {
    **AUTOENCODER,
    "type": "vae",
    "seed": 103,
    "dropout": [0.2, 0.0],
    "kl_reduction": "mean",
    # The course: 0.1 min(epoch / (0.5 max_epochs), 1).
    "kl_weight": 0.1 * np.minimum(np.arange(20) // STEPS_PER_EPOCH / (0.5 * EPOCHS), 1),
}
GAN = {
    "type": "gan",
    "seed": 105,
    "latent": 6,
    "generator": {
        "hidden": [20, 16, 12],
        "normalization": "batch",
        "activation": "leaky_relu",
        "slope": 0.2,
        "dropout": [0.1, 0.1, 0.0],
    },
    "critic": {
        "hidden": [20, 16, 12],
        "normalization": "none",
        "activation": "leaky_relu",
        "slope": 0.2,
        "dropout": [0.3, 0.3, 0.2],
    },
    "loss": "bce",
    "critic_steps": 5,
    "label_smoothing": 0.1,
    "instance_noise": 0.01,
    "latent_draw": "per_iteration",
    "penalty_weight": 0.1,
    "penalty_target": 1.0,
    "penalty_on": "probability",
    "spectral_norm": True,
    "spectral_iterations": "per_pass",
    "sparsity_weight": 0.01,
    "generator_optimizer": GAN_ADAM,
    "critic_optimizer": GAN_ADAM,
}

HURDLE_GAN = {
    **GAN,
    "seed": 110,
    "generator": {**GAN["generator"], "hidden": [20, 16], "activation": "relu", "dropout": [0.0, 0.0]},
    "critic": {**GAN["critic"], "hidden": [20, 16], "dropout": [0.0, 0.0]},
    "loss": "wgan",
    "label_smoothing": 0.0,
    "instance_noise": 0.0,
    "latent_draw": "per_update",
    "penalty_weight": 1.0,
    "penalty_on": "logit",
    "spectral_norm": False,
    "output": "hurdle",
    "gate_temperature": 0.5,
    "library": "output",
    "weight_average": 0.6,
    "sparsity_term": "zero_share",
    "sparsity_weight": 2.0,
}

CASES = {
    "ae": AUTOENCODER,
    "ae_layer": {
        **AUTOENCODER,
        "seed": 102,
        "normalization": "layer",
        "activation": "silu",
        "clip_norm": 0.5,
        "optimizer": {**ADAM, "type": "adamw", "weight_decay": 1e-2},
    },
    # Linear paths beside the hidden layers, an output that is never negative, a standardized input, the augmentation.
    "ae_skip": {
        **AUTOENCODER,
        "seed": 108,
        "hidden": [20],
        "normalization": "none",
        "activation": "silu",
        "dropout": [0.0],
        "decoder_dropout": [0.1],
        "skip": True,
        "output": "relu",
        "standardize": True,
        "mix": 0.6,
        "optimizer": {**ADAM, "type": "adamw", "learning_rate": 3e-4, "betas": [0.9, 0.99], "weight_decay": 0.0},
    },
    "vae": VAE,
    "vae_skip": {**VAE, "seed": 109, "normalization": "layer", "activation": "tanh", "skip": True, "output": "softplus",
                 "standardize": False, "mix": 0.3},
    "vae_sum": {
        **VAE,
        "seed": 104,
        "normalization": "none",
        "activation": "elu",
        "reduction": "sum",
        "kl_reduction": "sum",
        # Moves with every step over half of training.
        "kl_weight": 0.1 * np.minimum(np.arange(20) / 10, 1),
    },
    # Conditions of cells beside the decoder's input, and a control in place of half of the encoder's cells.
    "ae_condition": {**AUTOENCODER, "seed": 110, "conditions": 6, "control_input": 0.5, "condition_encoder": False},
    # The encoder is told them too; linear paths of conditions.
    "ae_condition_skip": {
        **AUTOENCODER,
        "seed": 111,
        "hidden": [20],
        "normalization": "none",
        "activation": "silu",
        "dropout": [0.0],
        "decoder_dropout": [0.0],
        "skip": True,
        "output": "relu",
        "standardize": True,
        "mix": 0.0,
        "conditions": 6,
        "control_input": 1.0,
        "condition_encoder": True,
    },
    "vae_condition": {**VAE, "seed": 112, "normalization": "layer", "skip": True, "output": "identity", "standardize": False,
                      "mix": 0.0, "conditions": 6, "control_input": 0.0, "condition_encoder": True},
    # Likelihoods: of counts with decoded and with observed library sizes, of values with one variance.
    "vae_nb": {
        **VAE,
        "seed": 110,
        "normalization": "layer",
        "activation": "silu",
        "skip": True,
        "output": "identity",
        "standardize": False,
        "mix": 0.0,
        "likelihood": "nb",
        "variance": "gene",
        "library": "decoded",
        "reduction": "sum",
        "kl_reduction": "sum",
        "free_bits": 0.3,
        "optimizer": {**ADAM, "type": "adamw", "weight_decay": 1e-4},
    },
    "vae_zinb": {**VAE, "seed": 111, "likelihood": "zinb", "variance": "gene", "library": "observed", "free_bits": 0.0},
    # Cell number i is of group i % 3, whose dispersions are its own.
    "vae_nb_groups": {**VAE, "seed": 117, "likelihood": "nb", "variance": "gene", "library": "observed", "free_bits": 0.0,
                      "groups": 3},
    "vae_gaussian": {**VAE, "seed": 112, "likelihood": "gaussian", "variance": "shared", "library": "observed",
                     "free_bits": 0.0, "clip_norm": 0.7},
    "gan": GAN,
    "gan_wgan": {
        **GAN,
        "seed": 106,
        "generator": {**GAN["generator"], "normalization": "layer", "activation": "relu"},
        "critic": {**GAN["critic"], "activation": "tanh", "dropout": [0.0, 0.1, 0.0]},
        "loss": "wgan",
        "label_smoothing": 0.0,
        "instance_noise": 0.0,
        "latent_draw": "per_update",
        "penalty_weight": 10.0,
        "penalty_on": "logit",
        "spectral_norm": False,
        "generator_optimizer": WGAN_ADAM,
        "critic_optimizer": WGAN_ADAM,
    },
    "gan_hinge": {
        **GAN,
        "seed": 107,
        "critic": {**GAN["critic"], "activation": "silu", "normalization": "none"},
        "loss": "hinge",
        "penalty_weight": 1.0,
        "penalty_on": "logit",
        "spectral_iterations": "per_step",
    },
    # Gates with exact zeros, library sizes, averaged weights: the recipe of experiments/strong_gan.yaml.
    "gan_hurdle": HURDLE_GAN,
    # Values that are never negative, the library size as an input alone.
    "gan_softplus": {
        **GAN,
        "seed": 111,
        "output": "softplus",
        "library": "input",
        "latent_draw": "per_update",
    },
    # Conditions beside z and beside the critic's cells: with everything of the course, and with what the strong GAN has.
    "gan_condition": {**GAN, "seed": 113, "conditions": 6},
    "gan_condition_hurdle": {**HURDLE_GAN, "seed": 114, "conditions": 6},
    # The deviation of a batch beside the critic's last hidden layer: its gradient through the batch, and the penalty's.
    "gan_minibatch": {**GAN, "seed": 115, "minibatch": "deviation"},
    "gan_minibatch_hurdle": {**HURDLE_GAN, "seed": 116, "minibatch": "deviation"},
}
