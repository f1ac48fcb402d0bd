"""Speaks sentences in many synthetic voices: 16 kHz, 16 bit, one file of samples and one index.

The engines are Debian's: espeak-ng, MBROLA (contrib, non-free voices), SVOX pico (non-free),
flite, RHVoice. sox shifts pitch and tempo, so that a dozen voices become hundreds.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import tempfile

import numpy

import sentences

RATE = 16000
# Kept for judging; never trained on.
RESERVED = ["Alicia", "Denis", "Gene2", "caleb", "Storm", "kaukovalta"]
ESPEAK_VARIANTS = "m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 Andrea Annie Mario Michael anika aunty belinda benjamin boris " \
    "david ed edward edward2 iven iven2 john klatt klatt2 linda marcelo max michel miguel norbert pablo paul pedro " \
    "quincy rob robert robosoft6 sandro shelby steph steph2 steph3 travis victor zac".split()
SHARES = {
    # (engine, voice, weight)
    "de": [("mbrola", f"mb-de{n}", w) for n, w in ((1, 7), (2, 8), (3, 7), (4, 8), (5, 7), (6, 8), (7, 7))]
    + [("pico", "de-DE", 30)] + [("espeak", "de", 18)],
    "en": [("mbrola", "mb-en1", 7), ("mbrola", "mb-us1", 8), ("mbrola", "mb-us2", 8), ("mbrola", "mb-us3", 8)]
    + [("pico", "en-US", 16), ("pico", "en-GB", 12)]
    + [("flite", name, 4) for name in ("slt", "rms", "awb", "kal16")]
    + [("rhvoice", name, 5) for name in ("slt", "bdl", "clb", "alan", "evgeniy-eng", "lyubov")]
    + [("espeak", name, 2.5) for name in ("en-us", "en-gb", "en-gb-scotland", "en-029")],
}


def command(engine, voice, text, out, rng, reserved):
    speed = str(rng.randint(125, 190))
    match engine:
        case "mbrola":
            return ["espeak-ng", "-v", voice, "-s", speed, "-w", out, text]
        case "espeak":
            variant = rng.choice(RESERVED if reserved else ESPEAK_VARIANTS)
            return ["espeak-ng", "-v", f"{voice}+{variant}", "-s", speed, "-p", str(rng.randint(15, 85)), "-w", out, text]
        case "pico":
            return ["pico2wave", "-l", voice, "-w", out, text]
        case "flite":
            return ["flite", "-voice", voice, "-t", text, "-o", out]
        case "rhvoice":
            return ["RHVoice-test", "-p", voice, "-o", out]


def speak(job):
    """One clip's samples; none where the engine failed."""
    text, engine, voice, seed, reserved = job
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        first, out = os.path.join(folder, "a.wav"), os.path.join(folder, "b.raw")
        stdin = text.encode() if engine == "rhvoice" else None
        effects = ["tempo", "-s", f"{rng.uniform(0.85, 1.2):.3f}", "pitch", str(rng.randint(-180, 180))]
        try:
            subprocess.run(command(engine, voice, text, first, rng, reserved), input=stdin, check=True, capture_output=True, timeout=20)
            subprocess.run(["sox", "-G", first, "-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed", "-t", "raw", out, *effects],
                           check=True, capture_output=True, timeout=20)
            samples = numpy.fromfile(out, dtype=numpy.int16)
        except (subprocess.SubprocessError, OSError):
            return None
    return trim(samples)


def trim(samples):
    """Without the silence around."""
    loud = numpy.flatnonzero(numpy.abs(samples.astype(numpy.int32)) > 200)
    if len(loud) < RATE // 10 or len(samples) > 14 * RATE:
        return None
    return samples[max(0, loud[0] - 400) : loud[-1] + 800]


def jobs(rows, rng, espeak, reserved):
    for row in rows:
        shares = SHARES[row[0]]
        if rng.random() < espeak:
            shares = [share for share in shares if share[0] == "espeak"]
        engine, voice, _ = rng.choices(shares, [share[2] for share in shares])[0]
        yield row, (row[3], engine, voice, rng.randrange(2**32), reserved)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=pathlib.Path, required=True, help="the folder for samples.i16 and index.jsonl")
    arguments.add_argument("--home", type=int, nargs=2, default=(4600, 2600), help="home sentences, German and English")
    arguments.add_argument("--others", type=int, nargs=2, default=(900, 700), help="sentences about anything else")
    arguments.add_argument("--seed", type=int, default=20261122)
    arguments.add_argument("--espeak", type=float, default=0.0, help="the share that espeak-ng alone speaks")
    arguments.add_argument("--judge", action="store_true", help="held-out sentences")
    arguments.add_argument("--reserved", action="store_true", help="espeak-ng's variants that are kept for judging")
    options = arguments.parse_args()
    rng = random.Random(options.seed)
    rows = []
    for place, language in enumerate(("de", "en")):
        rows += sentences.home(language, options.home[place], rng, options.judge)
        rows += sentences.others(language, options.others[place], rng)
    rng.shuffle(rows)
    options.out.mkdir(parents=True, exist_ok=True)
    if (options.out / "index.jsonl").exists():
        print(f"{options.out} is there already: delete it to speak anew")
        return
    pairs, offset, failed = list(jobs(rows, rng, 1.0 if options.reserved else options.espeak, options.reserved)), 0, 0
    with open(options.out / "samples.i16", "wb") as samples, open(options.out / "index.part", "w") as index, \
            concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done, (pair, clip) in enumerate(zip(pairs, pool.map(speak, (job for _, job in pairs)))):
            if clip is None:
                failed += 1
                continue
            (language, family, written, spoken), (_, engine, voice, *_) = pair
            samples.write(clip.tobytes())
            row = dict(language=language, family=family, text=written, spoken=spoken, voice=f"{engine}:{voice}",
                       start=offset, samples=len(clip))
            index.write(json.dumps(row, ensure_ascii=False) + "\n")
            offset += len(clip)
            if done % 500 == 0:
                print(f"{done}/{len(pairs)} clips, {offset / RATE / 3600:.2f} h, {failed} failed", flush=True)
    os.rename(options.out / "index.part", options.out / "index.jsonl")
    print(f"{len(pairs) - failed} clips, {offset / RATE / 3600:.2f} h, {failed} failed")


if __name__ == "__main__":
    main()
