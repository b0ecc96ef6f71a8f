"""Philox-4x32-10 in numpy, with the counter layout of include/sparcell/core/random.h: the golden files' masks and noise.

Written from the paper (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), not from our C++.
"""
from enum import IntEnum

import numpy as np

LOW32 = np.uint64(0xFFFFFFFF)


class Purpose(IntEnum):
    DROPOUT = 3
    LATENT = 4
    INSTANCE_NOISE = 5
    INTERPOLATION = 6
    GENERATOR_INPUT = 7
    GENERATE = 11
    AUGMENTATION = 15


def philox(counter, key):
    """Ten rounds over arrays of four counter words; all words are uint64 below 2^32."""
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = key
    for _ in range(10):
        product0 = np.uint64(0xD2511F53) * c0
        product1 = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (
            (product1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            product1 & LOW32,
            (product0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            product0 & LOW32,
        )
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def words(seed, purpose, index, step, size):
    """The first `size` words of a stream, rounded up to whole blocks."""
    block = np.arange((size + 3) // 4, dtype=np.uint64)
    code = int(purpose) * 256 + index
    counter = (
        block & LOW32,
        (block >> np.uint64(32)) | np.uint64(code << 16),
        np.uint64(step & 0xFFFFFFFF),
        np.uint64(step >> 32),
    )
    output = philox(counter, (seed & 0xFFFFFFFF, seed >> 32))
    return np.stack(np.broadcast_arrays(*output), axis=1).reshape(-1)


def uniform(seed, purpose, index, step, size):
    """Numbers of (0, 1), exact in f32."""
    return ((words(seed, purpose, index, step, size)[:size] >> np.uint64(9)).astype(np.float64) + 0.5) * 2.0**-23


def normal(seed, purpose, index, step, size):
    """Box-Muller over the words of a block in pairs."""
    pairs = uniform(seed, purpose, index, step, (size + 3) // 4 * 4).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log(pairs[:, 0]))
    angle = 2 * np.pi * pairs[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:size]


def check_published_vectors():
    """Random123's kat_vectors for philox4x32, 10 rounds."""
    ones = 0xFFFFFFFF
    vectors = [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ones,) * 4, (ones,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ]
    for counter, key, expected in vectors:
        got = tuple(int(word) for word in philox(counter, key))
        if got != expected:
            raise SystemExit(f"philox.py does not give the published vector for {counter}: {got}")
