"""Writes down what openai-whisper computes, step by step, for the engine's tests.

    parity.py SHARED OUT

For each model (two of random weights, the bundled one, and OpenAI's base of SHARED) and
each of its clips, padded to 30 s, in single precision: log-mel, the encoder's output,
the logits of 20 decoding steps (and of the prompt), the weights of cross-attention,
every language's probability, and what `whisper.decode` makes of it.

A large tensor is kept as its fingerprint, of its values in row-major order:

`sketch`   for each 64 values one sum of them, each with its own sign: a single wrong
           value anywhere moves one of these;
`samples`  4096 values at places that follow from their number.

Signs and places are SplitMix64's (models.py). Of the logits the eight best of each step
are kept as well. OUT gets NAME.json and NAME.safetensors of each model.
"""

import json
import pathlib
import sys

import numpy
import safetensors.numpy
import torch
import whisper
from whisper.model import disable_sdpa

import models

BLOCK = 64
SAMPLES = 4096
STEPS = 20
BEST = 8


def fingerprint(tensor):
    """A tensor's sketch and samples."""
    flat = tensor.detach().to(torch.float32).contiguous().numpy().reshape(-1)
    blocks = -(-flat.size // BLOCK)
    signs = 1.0 - 2.0 * (models.hashes(models.key_of("signs"), flat.size) >> numpy.uint64(63)).astype(numpy.float64)
    padded = numpy.zeros(blocks * BLOCK)
    padded[: flat.size] = flat.astype(numpy.float64) * signs
    places = models.hashes(models.key_of("places"), SAMPLES) % numpy.uint64(flat.size)
    return {
        "sketch": padded.reshape(blocks, BLOCK).sum(axis=1).astype(numpy.float32),
        "samples": flat[places.astype(numpy.int64)],
    }


def special_tokens(model, language=None):
    """The tokenizer, for its special tokens."""
    return whisper.tokenizer.get_tokenizer(
        model.is_multilingual, num_languages=model.num_languages, language=language, task="transcribe"
    )


def transcript(model, mel, language):
    """What `whisper.decode` makes of it, where nothing but text may be written."""
    options = whisper.DecodingOptions(
        language=language,
        temperature=0.0,
        without_timestamps=True,
        fp16=False,
        sample_len=STEPS,
        suppress_tokens=[-1, *range(special_tokens(model).eot + 1, model.dims.n_vocab)],
    )
    return whisper.decode(model, mel, options)


def forced(model, encoded, language, written):
    """Prompt and 19 tokens: what was written, then what is likeliest after that."""
    special = special_tokens(model, language)
    prompt = list(special.sot_sequence_including_notimestamps)
    tokens = prompt + written
    while len(tokens) < len(prompt) + STEPS - 1:
        logits = model.decoder(torch.tensor([tokens]), encoded)[0, -1]
        tokens.append(int(logits[: special.eot].argmax()))
    return tokens[: len(prompt) + STEPS - 1]


def gaps(model, logits):
    """How far the best token that may be written is above the second best, after each
    token of the prompt's last and those that follow it."""
    special = special_tokens(model)
    allowed = logits[3:, : special.eot + 1].clone()
    allowed[:, list(special.non_speech_tokens)] = -torch.inf
    allowed[0, [special.eot, *special.encode(" ")]] = -torch.inf
    best = allowed.topk(2, dim=-1).values
    return (best[:, 0] - best[:, 1]).tolist()


def steps(model, encoded, tokens):
    """Logits after each token, `[tokens, n_vocab]`, and how much each token listened to
    each frame, `[layers, heads, tokens, frames]`."""
    weights = [None] * len(model.decoder.blocks)
    hooks = [
        block.cross_attn.register_forward_hook(
            lambda _, ins, outs, at=at: weights.__setitem__(at, outs[-1][0].softmax(dim=-1))
        )
        for at, block in enumerate(model.decoder.blocks)
    ]
    with disable_sdpa():
        logits = model.decoder(torch.tensor([tokens]), encoded)[0]
    for hook in hooks:
        hook.remove()
    return logits, torch.stack(weights)


def hear(model, path, language):
    """All that is kept of one clip: data and tensors."""
    audio = whisper.pad_or_trim(torch.from_numpy(models.samples(path)))
    mel = whisper.log_mel_spectrogram(audio, n_mels=model.dims.n_mels)
    encoded = model.encoder(mel[None])
    detected, probabilities = model.detect_language(mel)
    result = transcript(model, mel, language)
    tokens = forced(model, encoded, language, result.tokens)
    logits, attention = steps(model, encoded, tokens)
    best = logits.topk(BEST, dim=-1)
    # openai-whisper gives them in no order.
    codes = list(whisper.tokenizer.LANGUAGES)[: model.num_languages]
    tensors = {
        "languages": numpy.array([probabilities[code] for code in codes], dtype=numpy.float32),
        "best_ids": best.indices.numpy().astype(numpy.int32),
        "best": best.values.numpy(),
    }
    # Hark's spectrogram has a frame's bins side by side.
    for name, tensor in [("mel", mel.T), ("encoder", encoded[0]), ("logits", logits), ("attention", attention)]:
        for part, values in fingerprint(tensor).items():
            tensors[f"{name}.{part}"] = values
    data = {
        "file": path.name,
        "language": language,
        "detected": max(probabilities, key=probabilities.get),
        "forced": tokens,
        "tokens": result.tokens,
        "gaps": [round(gap, 5) for gap in gaps(model, logits)],
        "avg_logprob": result.avg_logprob,
        "no_speech_prob": result.no_speech_prob,
    }
    return data, tensors


def write(out, name, model, clips):
    """Writes down what a model makes of its clips."""
    kept, tensors = [], {}
    for at, (path, language) in enumerate(clips):
        data, of_clip = hear(model, path, language)
        print(name, {k: v for k, v in data.items() if k not in ("forced", "gaps")}, file=sys.stderr)
        kept.append(data)
        tensors.update({f"{at}.{key}": numpy.ascontiguousarray(value) for key, value in of_clip.items()})
    about = {
        "made_by": "tests/reference/parity.py",
        "versions": {"openai-whisper": whisper.__version__, "torch": torch.__version__},
        "dimensions": vars(model.dims),
        "clips": kept,
    }
    (out / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    safetensors.numpy.save_file(tensors, out / f"{name}.safetensors")


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    shared, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    own = root / "crates/hark-whisper/tests/data"
    ours = [(own / "flur-ein.wav", "de"), (own / "kitchen-on.wav", "en")]
    spoken = [(shared / "audio/de-wie-spaet-ist-es.wav", "de"), (shared / "audio/en-what-time-is-it.wav", "en")]
    nano = root / "models/hark-nano/ggml-hark-nano-q8_0.bin"
    write(out, "random-80", models.build(models.SMALL), ours)
    write(out, "random-128", models.build(models.LARGE), ours)
    write(out, "nano", models.ggml(nano), ours)
    if (shared / "models/whisper-base").is_dir():
        write(out, "base", models.hugging_face(shared / "models/whisper-base"), spoken)


if __name__ == "__main__":
    main()
