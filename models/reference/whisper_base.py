#!/usr/bin/env python3
"""Writes down what openai-whisper hears in the shared clips, for the engine's tests.

Reads OpenAI's base weights in Hugging Face layout, renames them to openai-whisper's
names, decodes every clip greedily (language given, no timestamps, padded to 30 s,
single precision) and writes one line a clip:

    file, language, no_speech_prob, avg_logprob, tokens, gaps, text

`tokens` are the text tokens without the end of text; `gaps` has, for each of them and
for the end of text, how far the best logit was above the second best. Where a gap is
tiny, another order of additions may choose the other token.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install openai-whisper safetensors
    /tmp/venv/bin/python models/reference/whisper_base.py ../shared \
        crates/hark-whisper/tests/data/reference-base.tsv
"""

import csv
import json
import pathlib
import sys
import wave

import numpy
import safetensors.numpy
import torch
import whisper
from whisper import decoding

RENAMES = [
    ("model.", ""),
    ("layers.", "blocks."),
    ("encoder_attn_layer_norm", "cross_attn_ln"),
    ("encoder_attn.", "cross_attn."),
    ("self_attn_layer_norm", "attn_ln"),
    ("self_attn.", "attn."),
    ("q_proj", "query"),
    ("k_proj", "key"),
    ("v_proj", "value"),
    ("out_proj", "out"),
    ("final_layer_norm", "mlp_ln"),
    ("fc1", "mlp.0"),
    ("fc2", "mlp.2"),
    ("embed_positions.weight", "positional_embedding"),
    ("embed_tokens", "token_embedding"),
    ("encoder.layer_norm", "encoder.ln_post"),
    ("decoder.layer_norm", "decoder.ln"),
]


def load(folder):
    """The model, in single precision, on the CPU."""
    config = json.loads((folder / "config.json").read_text())
    model = whisper.model.Whisper(
        whisper.model.ModelDimensions(
            n_mels=config["num_mel_bins"],
            n_audio_ctx=config["max_source_positions"],
            n_audio_state=config["d_model"],
            n_audio_head=config["encoder_attention_heads"],
            n_audio_layer=config["encoder_layers"],
            n_vocab=config["vocab_size"],
            n_text_ctx=config["max_target_positions"],
            n_text_state=config["d_model"],
            n_text_head=config["decoder_attention_heads"],
            n_text_layer=config["decoder_layers"],
        )
    )
    state = {}
    for name, tensor in safetensors.numpy.load_file(folder / "model.safetensors").items():
        for old, new in RENAMES:
            name = name.replace(old, new)
        if name != "proj_out.weight":
            state[name] = torch.from_numpy(tensor.astype(numpy.float32))
    print(model.load_state_dict(state, strict=False), file=sys.stderr)
    return model.eval()


def samples(path):
    """A 16 kHz mono 16-bit file's samples, as Hark reads them."""
    with wave.open(str(path)) as clip:
        assert (clip.getframerate(), clip.getnchannels(), clip.getsampwidth()) == (16000, 1, 2), path
        data = clip.readframes(clip.getnframes())
    return numpy.frombuffer(data, dtype="<i2").astype(numpy.float32) / 32768.0


class Recorder(decoding.GreedyDecoder):
    """The greedy decoder, which also notes how clear each choice was."""

    gaps = []

    def update(self, tokens, logits, sum_logprobs):
        best = torch.topk(logits[0].float(), 2).values
        Recorder.gaps.append(float(best[0] - best[1]))
        return super().update(tokens, logits, sum_logprobs)


def main():
    shared, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    torch.set_grad_enabled(False)
    decoding.GreedyDecoder = Recorder
    model = load(shared / "models" / "whisper-base")
    with open(shared / "audio" / "manifest.tsv", encoding="utf-8", newline="") as manifest:
        languages = {row["file"]: row["language"] for row in csv.DictReader(manifest, delimiter="\t")}
    with open(out, "w", encoding="utf-8", newline="\n") as table:
        table.write("file\tlanguage\tno_speech_prob\tavg_logprob\ttokens\tgaps\ttext\n")
        for path in sorted((shared / "audio").glob("*.wav")):
            language = languages[path.name] if languages.get(path.name) in ("de", "en") else "en"
            audio = whisper.pad_or_trim(samples(path))
            Recorder.gaps = []
            options = whisper.DecodingOptions(
                language=language, temperature=0.0, without_timestamps=True, fp16=False
            )
            result = model.decode(whisper.log_mel_spectrogram(torch.from_numpy(audio)), options)
            fields = [
                path.name,
                language,
                f"{result.no_speech_prob:.6g}",
                f"{result.avg_logprob:.6f}",
                " ".join(map(str, result.tokens)),
                " ".join(f"{gap:.3g}" for gap in Recorder.gaps[: len(result.tokens) + 1]),
                result.text,
            ]
            table.write("\t".join(fields) + "\n")
            print(*fields[:4], fields[6], file=sys.stderr)


if __name__ == "__main__":
    main()
