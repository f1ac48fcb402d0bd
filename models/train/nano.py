"""hark-nano: a tiny Whisper that goes on learning from what it knows, in synthetic voices.

It learns the broad corpus, silence and noise (no text, and the no-speech token), and which of its two languages is
spoken. Only the tokens that occur are in the softmax, and one row that stands for all others, so that these stay as
good as impossible. `tune` goes on from a ggml file, `judge` writes how many held-out sentences are exact, `export`
writes openai-whisper's checkpoint in Hugging Face's layout, for `hark model quantize`.
"""

import argparse
import json
import math
import pathlib
import random
import re
import time

import numpy
import torch
import torch.nn.functional as F
import whisper

import sounds
import whisper_tail as tail
from speak import RATE
from whisper_tail import TOKENIZER, tokens_of

VOCABULARY = 51865


def plain(spoken):
    """Nano's spelling: a capital first letter, no punctuation, numbers as words."""
    text = re.sub(r"[^\w' ]", "", spoken.replace("-", " ")).strip()
    return re.sub(r"\s+", " ", text)


def load_clips(folders):
    """(language, text, samples as a view)"""
    clips = []
    for folder in folders:
        samples = numpy.memmap(folder / "samples.i16", dtype=numpy.int16, mode="r")
        for line in open(folder / "index.jsonl"):
            row = json.loads(line)
            if row["family"] != "out of domain" or len(row["spoken"]) < 60:
                clips.append((row["language"], plain(row["spoken"]), samples[row["start"] : row["start"] + row["samples"]]))
    return clips


class Subset:
    """The tokens that are learned, by new numbers; the last number stands for all others."""

    def __init__(self, clips):
        special = [TOKENIZER.sot, TOKENIZER.eot, TOKENIZER.no_speech, TOKENIZER.transcribe, TOKENIZER.no_timestamps,
                   TOKENIZER.to_language_token("de"), TOKENIZER.to_language_token("en")]
        used = {token for language, text, _ in clips for token in tokens_of(language, text)[0]}
        self.tokens = sorted(used | set(special))
        self.numbers = {token: number for number, token in enumerate(self.tokens)}
        self.others = math.log(VOCABULARY - len(self.tokens))

    def of(self, tokens):
        return [self.numbers[token] if token >= 0 else -100 for token in tokens]


def hear(rng, clip, babblers):
    x = clip.astype(numpy.float32) / 32768
    if rng.random() < 0.15:
        return x
    return sounds.record(rng, x, babblers)


def masked(spectrogram, rng):
    """SpecAugment: a few bands and moments at the mean."""
    mean = spectrogram.mean()
    for _ in range(2):
        at, width = rng.integers(0, 80), rng.integers(0, 12)
        spectrogram[:, at : at + width] = mean
        at, width = rng.integers(0, spectrogram.shape[-1]), rng.integers(0, 16)
        spectrogram[..., at : at + width] = mean
    return spectrogram


def make_batch(clips, babblers, rng, frames=None):
    heard = []
    for language, text, clip in clips:
        heard.append((language, text, hear(rng, clip, babblers) if text else sounds.nothing(rng, babblers)[: 5 * RATE]))
    frames = frames or math.ceil(max(len(clip) for _, _, clip in heard) / 320 / 16) * 16
    audio = torch.zeros(len(heard), frames * 320)
    for row, (_, _, clip) in zip(audio, heard):
        row[: len(clip)] = torch.from_numpy(numpy.asarray(clip[: len(row)], dtype=numpy.float32))
    return torch.stack([whisper.log_mel_spectrogram(row) for row in audio])


def tune(options):
    torch.manual_seed(options.seed)
    rng, order = numpy.random.default_rng(options.seed), random.Random(options.seed)
    clips = load_clips([options.data / name for name in options.clips])
    babblers = [clip.astype(numpy.float32) / 32768 for _, _, clip in clips[:300]]
    subset = Subset(clips)
    model = tail.models.ggml(options.start).train()
    print(f"{len(clips)} clips, {len(subset.tokens)} tokens", flush=True)
    rest = model.decoder.token_embedding.weight.detach().median(0).values
    rows = torch.nn.Parameter(torch.cat([model.decoder.token_embedding.weight.detach()[subset.tokens], rest[None]]))
    model.decoder.token_embedding.weight.requires_grad_(False)
    learned = [p for p in model.parameters() if p.requires_grad] + [rows]
    model.encoder.positional_embedding.requires_grad_(False)
    optimizer = torch.optim.AdamW(learned, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
    by_length = sorted(clips, key=lambda clip: len(clip[2]))
    began, total = time.time(), 0.0
    for step in range(1, options.steps + 1):
        rate = options.rate * min(1, step / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / options.steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        padded = order.random() < 0.08
        size = 10 if padded else options.batch
        at = order.randrange(len(by_length) - size * 4)
        batch = order.sample(by_length[at : at + size * 4], size)
        batch = [("de" if order.random() < 0.5 else "en", "", clip) if order.random() < 0.05 else (l, t, clip) for l, t, clip in batch]
        mel = masked(make_batch(batch, babblers, rng, tail.FULL if padded else None), rng)
        pairs = [tokens_of(language, text) for language, text, _ in batch]
        longest = max(len(taken) for taken, _ in pairs)
        taken = torch.tensor([subset.of(row + [TOKENIZER.eot] * (longest - len(row))) for row, _ in pairs])
        wanted = torch.tensor([subset.of(row + [-100] * (longest - len(row))) for _, row in pairs])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
            encoded = tail.forward(model.encoder, mel)
            hidden = decoded(model.decoder, rows[taken], encoded)
            answer = hidden @ rows.to(hidden.dtype).T
        answer = answer.float()
        answer = torch.cat([answer[..., :-1], answer[..., -1:] + subset.others], -1)
        loss = F.cross_entropy(answer.flatten(0, 1), wanted.flatten(), label_smoothing=0.03)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        total += loss.item()
        if step % 20 == 0:
            print(f"step {step}/{options.steps} loss {total / 20:.4f} {time.time() - began:.0f} s", flush=True)
            total = 0.0
        if step % options.keep == 0 or step == options.steps:
            torch.save(dict(state=state_of(model, rows, subset), step=step), options.data / "nano.pt")


def decoded(decoder, embedded, encoded):
    """As `whisper_tail.decode`, with all of what was encoded and no tail."""
    return tail.decode(decoder, embedded, encoded, torch.zeros(1, 1, 1, encoded.shape[1]))


def state_of(model, rows, subset):
    state = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    embedding = rows.detach()[-1].repeat(VOCABULARY, 1)
    embedding[subset.tokens] = rows.detach()[:-1]
    state["decoder.token_embedding.weight"] = embedding
    return state


def judge(options):
    model = tail.models.ggml(options.start).eval()
    if (options.data / "nano.pt").exists() and not options.stock:
        model.load_state_dict(torch.load(options.data / "nano.pt")["state"])
    rng = numpy.random.default_rng(1)
    for decibels in (None, 10):
        right, total, wrong = {"de": 0, "en": 0}, {"de": 0, "en": 0}, []
        for language, text, clip in load_clips([options.data / name for name in options.clips])[: options.count]:
            x = clip.astype(numpy.float32) / 32768
            if decibels is not None:
                x = x + sounds.coloured(rng, len(x), 1) * numpy.sqrt(numpy.mean(x**2)) * 10 ** (-decibels / 20)
            frames = math.ceil(len(x) / 320 / 16) * 16
            audio = torch.zeros(frames * 320)
            audio[: len(x)] = torch.from_numpy(x.astype(numpy.float32))
            heard = listen(model, whisper.log_mel_spectrogram(audio)[None], language)
            total[language] += 1
            right[language] += heard == text
            if heard != text:
                wrong.append((text, heard))
        print(f"{'clean' if decibels is None else f'{decibels} dB'}: " +
              ", ".join(f"{l} {right[l]}/{total[l]} exact" for l in total))
        for pair in wrong[: options.show]:
            print("   ", *pair, sep=" | ")


@torch.no_grad()
def listen(model, mel, language):
    t, encoded = TOKENIZER, tail.forward(model.encoder, mel)
    tokens = [t.sot, t.to_language_token(language), t.transcribe, t.no_timestamps]
    while len(tokens) < 50:
        h = decoded(model.decoder, model.decoder.token_embedding.weight[torch.tensor([tokens])], encoded)
        following = int((h[0, -1] @ model.decoder.token_embedding.weight.T)[: t.eot + 1].argmax())
        if following == t.eot:
            break
        tokens.append(following)
    return t.decode(tokens[4:]).strip()


def export(options):
    model = tail.models.ggml(options.start).eval()
    model.load_state_dict(torch.load(options.data / "nano.pt")["state"])
    tail.save(options.out, model, options.tokenizer)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("part", choices=("tune", "judge", "export"))
    arguments.add_argument("--data", type=pathlib.Path, required=True)
    arguments.add_argument("--clips", nargs="+", default=["clips", "more"], help="folders of spoken clips in --data")
    arguments.add_argument("--start", type=pathlib.Path, required=True, help="the ggml file to go on from")
    arguments.add_argument("--stock", action="store_true", help="judge the file itself")
    arguments.add_argument("--seed", type=int, default=20261122)
    arguments.add_argument("--steps", type=int, default=1600)
    arguments.add_argument("--batch", type=int, default=48)
    arguments.add_argument("--rate", type=float, default=1e-3)
    arguments.add_argument("--keep", type=int, default=100)
    arguments.add_argument("--count", type=int, default=400)
    arguments.add_argument("--show", type=int, default=0)
    arguments.add_argument("--bf16", action="store_true")
    arguments.add_argument("--tokenizer", type=pathlib.Path, help="the tokenizer.json to put beside the weights")
    arguments.add_argument("--out", type=pathlib.Path)
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    {"tune": tune, "judge": judge, "export": export}[options.part](options)


if __name__ == "__main__":
    main()
