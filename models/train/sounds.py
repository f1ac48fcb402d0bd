"""What rooms and microphones do to speech, and sounds that are none."""

import numpy

RATE = 16000


def coloured(rng, samples, slope):
    """Noise whose power falls with the frequency: slope 0 white, 1 pink, 2 brown."""
    spectrum = numpy.fft.rfft(rng.standard_normal(samples))
    frequency = numpy.fft.rfftfreq(samples, 1 / RATE)
    spectrum /= numpy.maximum(frequency, 30) ** (slope / 2)
    return unit(numpy.fft.irfft(spectrum, samples))


def hum(rng, samples):
    """Mains hum and its harmonics, in a little noise."""
    t, base = numpy.arange(samples) / RATE, rng.choice([50, 60, 100, 120])
    x = sum(rng.uniform(0.1, 1) / n * numpy.sin(2 * numpy.pi * base * n * t + rng.uniform(0, 6)) for n in range(1, 8))
    return unit(x + 0.05 * rng.standard_normal(samples))


def music(rng, samples):
    """Chords of decaying tones."""
    x, at = numpy.zeros(samples), 0
    while at < samples:
        length = int(rng.uniform(0.2, 0.8) * RATE)
        t = numpy.arange(min(length, samples - at)) / RATE
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        for step in (0, 4, 7):
            x[at : at + len(t)] += numpy.exp(-3 * t) * numpy.sin(2 * numpy.pi * root * 2 ** (step / 12) * t)
        at += length
    return unit(x)


def clicks(rng, samples):
    """Knocks and clatter."""
    x = 0.02 * rng.standard_normal(samples)
    for at in rng.integers(0, samples, rng.integers(1, 12)):
        t = numpy.arange(min(4000, samples - at))
        x[at : at + len(t)] += rng.uniform(0.2, 1) * numpy.exp(-t / rng.uniform(50, 900)) * rng.standard_normal(len(t))
    return unit(x)


def babble(rng, clips, samples):
    """Several people talk at once."""
    x = numpy.zeros(samples)
    for _ in range(rng.integers(4, 9)):
        clip = clips[rng.integers(len(clips))]
        clip = numpy.tile(clip, samples // len(clip) + 1)
        x += numpy.roll(clip, rng.integers(len(clip)))[:samples] * rng.uniform(0.5, 1)
    return unit(x)


def unit(x):
    return x / (numpy.sqrt(numpy.mean(x**2)) + 1e-9)


def noise(rng, samples, clips):
    kind = rng.integers(10)
    if kind < 5:
        return coloured(rng, samples, rng.uniform(0, 2))
    if kind < 7:
        return babble(rng, clips, samples)
    return (hum, music, clicks)[kind - 7](rng, samples)


def room(rng, x):
    """A short reverberation."""
    length = int(rng.uniform(0.05, 0.35) * RATE)
    tail = rng.standard_normal(length) * numpy.exp(-6 * numpy.arange(length) / length)
    tail[0] = rng.uniform(4, 14)
    return numpy.convolve(x, tail / tail[0])[: len(x) + length // 2]


def record(rng, x, clips):
    """A spoken clip (-1 to 1) as a microphone in a room hears it."""
    if rng.random() < 0.06 and len(x) > RATE:
        x = x[rng.integers(400, 1600) :]
    if rng.random() < 0.35:
        x = room(rng, x)
    x = numpy.concatenate([numpy.zeros(rng.integers(0, 5600)), x, numpy.zeros(rng.integers(800, 6400))])
    level = 10 ** (rng.uniform(-16, -1) / 20)
    x = x / (numpy.abs(x).max() + 1e-9) * level
    chance = rng.random()
    if chance < 0.75:
        speech = numpy.sqrt(numpy.mean(x**2))
        low = 8 if chance < 0.5 else 22
        x = x + noise(rng, len(x), clips) * speech * 10 ** (-rng.uniform(low, 40) / 20)
    return numpy.clip(x, -1, 1).astype(numpy.float32)


def nothing(rng, clips):
    """A clip in which nobody speaks to the house: silence, or noise at any level."""
    samples = rng.integers(RATE // 3, 7 * RATE)
    level = 10 ** (rng.uniform(-80, -10) / 20)
    if rng.random() < 0.15:
        return numpy.zeros(samples, dtype=numpy.float32)
    kind = rng.integers(8)
    x = coloured(rng, samples, rng.uniform(0, 2)) if kind < 4 else (hum, music, clicks)[kind % 3](rng, samples)
    return numpy.clip(x * level, -1, 1).astype(numpy.float32)
