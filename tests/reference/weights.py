"""Random weights that follow from a name and a place alone, so that Rust makes the same
ones, bit by bit (crates/hark-whisper/tests/common/random.rs)."""

import numpy

SEED = 20260101
GOLDEN = 0x9E3779B97F4A7C15


def hashes(key, count):
    """SplitMix64's numbers after a key."""
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(key) + (numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(1)) * numpy.uint64(GOLDEN)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return z ^ (z >> numpy.uint64(31))


def key_of(name):
    """FNV-1a of a name, with the seed."""
    key = 0xCBF29CE484222325 ^ SEED
    for byte in name.encode():
        key = ((key ^ byte) * 0x100000001B3) % 2**64
    return key


def random_tensor(name, shape):
    """Values between -1 and 1, times a power of two: exact in single precision."""
    count = int(numpy.prod(shape))
    unit = (hashes(key_of(name), count) >> numpy.uint64(40)).astype(numpy.float32) * numpy.float32(2.0**-23)
    unit = unit - numpy.float32(1)
    offset = numpy.float32(0)
    if name.endswith(".bias"):
        bound = 0.125
    elif name.endswith(("ln.weight", "ln_post.weight")):
        bound, offset = 0.25, numpy.float32(1)
    elif name == "decoder.positional_embedding":
        bound = 2.0
    elif "embedding" in name:
        bound = 0.5
    else:
        fan_in = int(numpy.prod(shape[1:]))
        bound = 2.0 ** (2 - (fan_in.bit_length() - 1) // 2)
    return (unit * numpy.float32(bound) + offset).reshape(shape)
