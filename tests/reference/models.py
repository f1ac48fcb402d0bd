"""The models that the reference is run on: how each comes into openai-whisper.

Random weights follow from a name and a place alone, so that Rust makes the same ones,
bit by bit (crates/hark-whisper/tests/common/random.rs).
"""

import json
import struct
import sys
import wave

import numpy
import safetensors.numpy
import torch
import whisper

from weights import random_tensor

# Not square, not alike: heads, layers and widths that a mix-up would show.
SMALL = dict(n_mels=80, n_vocab=51865, n_state=72, n_audio_head=3, n_audio_layer=3,
             n_text_head=2, n_text_layer=2)
# The layout of large-v3 and turbo: 128 mels, 100 languages, a shorter decoder.
LARGE = dict(n_mels=128, n_vocab=51866, n_state=64, n_audio_head=4, n_audio_layer=3,
             n_text_head=2, n_text_layer=1)

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


def build(sizes, state=None):
    """A model of these sizes with these weights, or with random ones."""
    model = whisper.model.Whisper(
        whisper.model.ModelDimensions(
            n_mels=sizes["n_mels"],
            n_audio_ctx=1500,
            n_audio_state=sizes["n_state"],
            n_audio_head=sizes["n_audio_head"],
            n_audio_layer=sizes["n_audio_layer"],
            n_vocab=sizes["n_vocab"],
            n_text_ctx=448,
            n_text_state=sizes["n_state"],
            n_text_head=sizes["n_text_head"],
            n_text_layer=sizes["n_text_layer"],
        )
    )
    if state is None:
        state = {name: random_tensor(name, tuple(tensor.shape)) for name, tensor in model.state_dict().items()}
    state = {name: torch.from_numpy(numpy.array(tensor, dtype=numpy.float32)) for name, tensor in state.items()}
    missing = model.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys and set(missing.missing_keys) <= {"decoder.mask"}, missing
    return model.eval()


def hugging_face(folder):
    """A Hugging Face directory, in single precision."""
    config = json.loads((folder / "config.json").read_text())
    state = {}
    for name, tensor in safetensors.numpy.load_file(folder / "model.safetensors").items():
        for old, new in RENAMES:
            name = name.replace(old, new)
        if name != "proj_out.weight":
            state[name] = tensor
    return build(
        dict(
            n_mels=config["num_mel_bins"],
            n_state=config["d_model"],
            n_audio_head=config["encoder_attention_heads"],
            n_audio_layer=config["encoder_layers"],
            n_vocab=config["vocab_size"],
            n_text_head=config["decoder_attention_heads"],
            n_text_layer=config["decoder_layers"],
        ),
        state,
    )


def ggml(path):
    """One of whisper.cpp's files, of f32, f16 and q8_0 tensors, in single precision."""
    file = path.read_bytes()
    at = 0

    def numbers(count):
        nonlocal at
        at += 4 * count
        return struct.unpack(f"<{count}i", file[at - 4 * count : at])

    def data(count):
        nonlocal at
        at += count
        return file[at - count : at]

    _, n_vocab, _, n_state, audio_head, audio_layer, _, _, text_head, text_layer, n_mels, _ = numbers(12)
    data(4 * numpy.prod(numbers(2)))
    for _ in range(numbers(1)[0]):
        data(numbers(1)[0])
    state = {}
    while at < len(file):
        rank, length, kind = numbers(3)
        shape = numbers(rank)[::-1]
        name = data(length).decode()
        count = int(numpy.prod(shape))
        if kind == 8:
            block = numpy.dtype([("scale", "<f2"), ("quants", "i1", 32)])
            blocks = numpy.frombuffer(data(count // 32 * 34), dtype=block)
            values = blocks["scale"].astype(numpy.float32)[:, None] * blocks["quants"].astype(numpy.float32)
        else:
            kind = {0: "<f4", 1: "<f2"}[kind]
            values = numpy.frombuffer(data(count * numpy.dtype(kind).itemsize), dtype=kind)
        if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
            shape = (count,)
        state[name] = values.reshape(shape)
    sizes = dict(n_mels=n_mels, n_vocab=n_vocab, n_state=n_state, n_audio_head=audio_head,
                 n_audio_layer=audio_layer, n_text_head=text_head, n_text_layer=text_layer)
    print(path.name, sizes, file=sys.stderr)
    return build(sizes, state)


def samples(path):
    """A 16 kHz mono 16-bit file's samples, as Hark reads them."""
    with wave.open(str(path)) as clip:
        assert (clip.getframerate(), clip.getnchannels(), clip.getsampwidth()) == (16000, 1, 2), path
        content = clip.readframes(clip.getnframes())
    return numpy.frombuffer(content, dtype="<i2").astype(numpy.float32) / 32768.0
