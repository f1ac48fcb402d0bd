"""Whisper base adapted to the home: the encoder stays, its outputs are computed once; the decoder's blocks learn.

`encode`: every clip as a microphone in a room hears it, through the encoder, in shards that an interrupted run goes on
from. `tune`: the decoder, on those. `choose`: the step and the share of stock weights that hear real people best, on
clips that are for choosing. `export`: Hugging Face's layout in half precision, for `hark model quantize`.
"""

import argparse
import csv
import json
import math
import pathlib
import random
import re
import subprocess
import time

import numpy
import torch
import torch.nn.functional as F
from num2words import num2words

import sounds
import whisper_tail as tail
from speak import RATE

SHARD = 256


def decode_file(path):
    """16 kHz mono samples of any file that ffmpeg reads."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", str(RATE), "-"],
                          check=True, capture_output=True)
    return numpy.frombuffer(done.stdout, dtype=numpy.int16).astype(numpy.float32) / 32768


def manifest(path):
    with open(path) as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_speech(shared, keep):
    """The read German speech whose number (from 1) satisfies `keep`."""
    folder = shared / "audio" / "kerstin"
    for number, row in enumerate(manifest(folder / "manifest.tsv"), 1):
        if keep(number):
            yield decode_file(folder / row["file"]), row["text"]


def training(number):
    """Every tenth judges; every tenth, five further on, chooses; the rest trains."""
    return number % 10 not in (0, 5)


def load_clips(options):
    """(language, text, samples) of all that is to be learned, the same for one seed."""
    rng = numpy.random.default_rng(options.seed)
    samples = numpy.memmap(options.data / "clips" / "samples.i16", dtype=numpy.int16, mode="r")
    rows = [json.loads(line) for line in open(options.data / "clips" / "index.jsonl")]
    spoken = [(row, samples[row["start"] : row["start"] + row["samples"]]) for row in rows]
    babblers = [clip.astype(numpy.float32) / 32768 for _, clip in spoken[:300]]
    for row, clip in spoken:
        yield row["language"], row["text"], lambda clip=clip: sounds.record(rng, clip.astype(numpy.float32) / 32768, babblers)
    for times in range(2):
        for clip, text in read_speech(options.shared, training):
            yield "de", text, lambda clip=clip: sounds.record(rng, clip, babblers)
    for number in range(options.nothing):
        yield ("de", "en")[number % 2], "", lambda: sounds.nothing(rng, babblers)


def encode(options):
    model = tail.load(options.shared / "models" / "whisper-base")
    folder = options.data / "encoded"
    folder.mkdir(parents=True, exist_ok=True)
    clips = list(load_clips(options))
    random.Random(options.seed).shuffle(clips)
    clips = clips[: options.limit]
    began = time.time()
    for start in range(0, len(clips), SHARD):
        path = folder / f"{start:06}.pt"
        part = [(language, text, make()) for language, text, make in clips[start : start + SHARD]]
        if path.exists():
            continue
        part.sort(key=lambda clip: len(clip[2]))
        shard = []
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
            for at in range(0, len(part), 8):
                batch = part[at : at + 8]
                frames = tail.encode(model, [clip for _, _, clip in batch])
                for (language, text, clip), row in zip(batch, frames):
                    shard.append((language, text, row[: tail.frames_for(len(clip))].half().clone()))
        torch.save(shard, path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)
        print(f"{start + len(part)}/{len(clips)} clips encoded, {time.time() - began:.0f} s", flush=True)
    torch.save(tail.silence(model), options.data / "silence.pt")


def batches(clips, size, rng):
    """Batches of similar length, in random order, for ever."""
    while True:
        order = sorted(range(len(clips)), key=lambda at: len(clips[at][2]) + rng.uniform(0, 40))
        groups = [order[at : at + size] for at in range(0, len(order), size)]
        rng.shuffle(groups)
        yield from ([clips[at] for at in group] for group in groups)


def mixed(clips, options):
    """The clips with real speech `--real` times, and without the German sentences about anything: synthetic voices
    that speak them teach wrong sounds and old spelling, and read German got worse by them."""
    rows = [json.loads(line) for line in open(options.data / "clips" / "index.jsonl")]
    others = {row["text"] for row in rows if row["language"] == "de" and row["family"] == "out of domain"}
    read = {row["text"] for row in manifest(options.shared / "audio" / "kerstin" / "manifest.tsv")}
    kept = [clip for clip in clips if clip[1] not in others - read]
    return kept + [clip for clip in kept if clip[1] in read] * (options.real - 1)


def tune(options):
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed + options.step)
    model = tail.load(options.shared / "models" / "whisper-base")
    silence = torch.load(options.data / "silence.pt")
    clips = [clip for path in sorted((options.data / "encoded").glob("*.pt")) for clip in torch.load(path)]
    clips = mixed(clips, options)
    print(f"{len(clips)} clips", flush=True)
    learned = {name: p for name, p in model.decoder.named_parameters() if "embedding" not in name}
    if options.step:
        blend(model, dict(learned), torch.load(options.data / f"tuned-{options.step:05}.pt"), 1.0)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.removeprefix("decoder.") in learned and name.startswith("decoder."))
    optimizer = torch.optim.AdamW(learned.values(), lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
    feed, began, total = batches(clips, options.batch, rng), time.time(), 0.0
    for step in range(1, options.steps + 1):
        warm = min(1.0, step / 40)
        rate = options.rate * warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / options.steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = next(feed)
        rows = [tail.tokens_of(language, text) for language, text, _ in batch]
        longest = max(len(taken) for taken, _ in rows)
        taken = torch.tensor([row + [tail.TOKENIZER.eot] * (longest - len(row)) for row, _ in rows])
        wanted = torch.tensor([row + [-100] * (longest - len(row)) for _, row in rows])
        x, bias = tail.with_tail([frames.float() for _, _, frames in batch], silence)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
            hidden = tail.decode(model.decoder, model.decoder.token_embedding(taken), x, bias)
            asked = wanted != -100
            answer = tail.logits(model.decoder, hidden[asked])
        loss = F.cross_entropy(answer.float(), wanted[asked], label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned.values(), 1.0)
        optimizer.step()
        total += loss.item()
        if step % 20 == 0:
            print(f"step {step}/{options.steps} loss {total / 20:.4f} rate {rate:.1e} {time.time() - began:.0f} s", flush=True)
            total = 0.0
        if step % options.keep == 0 or step == options.steps:
            torch.save({name: p.detach().half().clone() for name, p in learned.items()}, options.data / f"tuned-{options.step + step:05}.pt")


def squeezed(text, language):
    """Letters and digits alone, numbers as words, percent as one: the rule that sentences are compared by."""
    text = text.lower().replace("%", " prozent " if language == "de" else " percent ")
    text = re.sub(r"\d+", lambda m: num2words(int(m[0]), lang=language) if len(m[0]) < 7 else m[0], text)
    return "".join(letter for letter in text if letter.isalnum())


def words_of(text):
    return re.sub(r"[^\w\s]", " ", text.lower().replace("-", " ")).split()


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def real_clips(options, model, half):
    """Encoded real clips of one half: (language, text, frames), commands and read speech."""
    audio = options.shared / "audio"
    commands = [(row["language"], row["text"], decode_file(audio / row["file"]))
                for line, row in enumerate(manifest(audio / "manifest.tsv"), 1)
                if line % 2 == (half == "choose") and row["text"] and row["file"] != "en-jfk.wav"]
    remainder = 5 if half == "choose" else 0
    read = [("de", text, clip) for clip, text in read_speech(options.shared, lambda n: n % 10 == remainder)][: options.read]
    with torch.no_grad():
        return [[(l, t, tail.encode(model, [clip])[0, : tail.frames_for(len(clip))]) for l, t, clip in rows]
                for rows in (commands, read)]


def scores(model, silence, commands, read, show=False):
    """Exact sentences by language, and the word error rate of read speech."""
    texts = tail.transcribe(model, [f for _, _, f in commands], silence, [l for l, _, _ in commands])
    exact = {"de": 0, "en": 0}
    for (language, wanted, _), text in zip(commands, texts):
        right = squeezed(text, language) == squeezed(wanted, language)
        exact[language] += right
        if show and not right:
            print(f"    {language} {wanted!r} heard as {text!r}")
    texts = tail.transcribe(model, [f for _, _, f in read], silence, ["de"] * len(read), 100)
    wrong = sum(distance(words_of(t), words_of(w)) for (_, w, _), t in zip(read, texts))
    return exact, wrong / max(1, sum(len(words_of(w)) for _, w, _ in read))


def blend(model, stock, tuned, share):
    """Puts `share` of the tuned weights and the rest of the stock ones into the decoder."""
    with torch.no_grad():
        for name, parameter in model.decoder.named_parameters():
            if name in tuned:
                parameter.copy_(stock[name] * (1 - share) + tuned[name].float() * share)


def choose(options):
    model = tail.load(options.shared / "models" / "whisper-base")
    silence = tail.silence(model)
    stock = {name: p.detach().clone() for name, p in model.decoder.named_parameters()}
    commands, read = real_clips(options, model, options.half)
    counts = {l: sum(row[0] == l for row in commands) for l in ("de", "en")}
    print(f"{options.half}: {counts} commands, {len(read)} read sentences")
    for path in [None] + sorted(options.data.glob("tuned-*.pt")):
        if path and options.step and int(path.stem.split("-")[1]) != options.step:
            continue
        tuned = torch.load(path) if path else {}
        for share in options.share if path else [0.0]:
            blend(model, stock, tuned, share)
            exact, errors = scores(model, silence, commands, read, options.show)
            print(f"{path.stem if path else 'stock':12} share {share:.2f}  German {exact['de']}/{counts['de']}  "
                  f"English {exact['en']}/{counts['en']}  read German {errors:.1%}", flush=True)


def export(options):
    model = tail.load(options.shared / "models" / "whisper-base")
    stock = {name: p.detach().clone() for name, p in model.decoder.named_parameters()}
    blend(model, stock, torch.load(options.data / f"tuned-{options.step:05}.pt"), options.share[0])
    tail.save(options.out, model, options.shared / "models" / "whisper-base" / "tokenizer.json")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("part", choices=("encode", "tune", "choose", "export"))
    arguments.add_argument("--data", type=pathlib.Path, required=True, help="the folder with clips/, for all that is made")
    arguments.add_argument("--shared", type=pathlib.Path, required=True, help="where models/whisper-base and audio/ are")
    arguments.add_argument("--seed", type=int, default=20261122)
    arguments.add_argument("--nothing", type=int, default=500, help="clips of silence and noise")
    arguments.add_argument("--limit", type=int, help="encode so many clips at most (a random part of all)")
    arguments.add_argument("--steps", type=int, default=640)
    arguments.add_argument("--real", type=int, default=3, help="real read speech comes so many times an epoch")
    arguments.add_argument("--batch", type=int, default=24)
    arguments.add_argument("--rate", type=float, default=4e-5)
    arguments.add_argument("--keep", type=int, default=160, help="keep the weights every so many steps")
    arguments.add_argument("--bf16", action="store_true", help="multiply in bfloat16, where the processor can")
    arguments.add_argument("--half", choices=("choose", "judge"), default="choose", help="which real clips")
    arguments.add_argument("--read", type=int, default=100, help="at most so many read sentences")
    arguments.add_argument("--share", type=float, nargs="+", default=[0.4, 0.5, 0.6, 0.7, 0.85], help="of the tuned weights")
    arguments.add_argument("--step", type=int, default=0, help="tune: go on from this one; choose: this one alone; export: this one")
    arguments.add_argument("--show", action="store_true", help="what was heard wrongly")
    arguments.add_argument("--out", type=pathlib.Path)
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    {"encode": encode, "tune": tune, "choose": choose, "export": export}[options.part](options)


if __name__ == "__main__":
    main()
