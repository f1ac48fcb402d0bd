"""What CTranslate2's own library writes of a random model, as SHA-256 and length of its
`model.bin`: `ctranslate2_files.py OUT.tsv` (needs numpy and ctranslate2, nothing else).

The Rust tests write the same files by themselves, so that they can also write broken ones;
these sums say that they write what CTranslate2 would (crates/hark-whisper/tests/ctranslate2.rs).
"""

import hashlib
import pathlib
import sys
import tempfile

import numpy
from ctranslate2.specs import WhisperSpec

from weights import random_tensor

D, HEADS, ENCODER, DECODER, VOCAB, MELS = 32, 2, 2, 1, 51866, 128
KINDS = ["float32", "float16", "int8", "int8_float16", "int16"]


def tensor(name, *shape):
    return random_tensor(name, shape)


def norm(spec, name):
    spec.gamma, spec.beta = tensor(f"{name}.weight", D), tensor(f"{name}.bias", D)


def linear(spec, names, rows=D, columns=D):
    """Stacked linear layers; keys have no bias."""
    spec.weight = numpy.concatenate([tensor(f"{n}.weight", rows, columns) for n in names])
    spec.bias = numpy.concatenate(
        [numpy.zeros(rows, numpy.float32) if n.endswith(".key") else tensor(f"{n}.bias", rows) for n in names]
    )


def block(spec, name, cross):
    parts = [f"{name}.attn.{p}" for p in ("query", "key", "value")]
    linear(spec.self_attention.linear[0], parts)
    linear(spec.self_attention.linear[1], [f"{name}.attn.out"])
    norm(spec.self_attention.layer_norm, f"{name}.attn_ln")
    if cross:
        linear(spec.attention.linear[0], [f"{name}.cross_attn.query"])
        linear(spec.attention.linear[1], [f"{name}.cross_attn.{p}" for p in ("key", "value")])
        linear(spec.attention.linear[2], [f"{name}.cross_attn.out"])
        norm(spec.attention.layer_norm, f"{name}.cross_attn_ln")
    linear(spec.ffn.linear_0, [f"{name}.mlp.0"], 4 * D, D)
    linear(spec.ffn.linear_1, [f"{name}.mlp.2"], D, 4 * D)
    norm(spec.ffn.layer_norm, f"{name}.mlp_ln")


def model():
    spec = WhisperSpec(ENCODER, HEADS, DECODER, HEADS)
    for conv, name, columns in [(spec.encoder.conv1, "conv1", MELS), (spec.encoder.conv2, "conv2", D)]:
        conv.weight = tensor(f"encoder.{name}.weight", D, columns, 3)
        conv.bias = tensor(f"encoder.{name}.bias", D)
    spec.encoder.position_encodings.encodings = tensor("encoder.positional_embedding", 1500, D)
    norm(spec.encoder.layer_norm, "encoder.ln_post")
    spec.decoder.embeddings.weight = tensor("decoder.token_embedding.weight", VOCAB, D)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.decoder.position_encodings.encodings = tensor("decoder.positional_embedding", 448, D)
    norm(spec.decoder.layer_norm, "decoder.ln")
    for side, layers in [("encoder", spec.encoder.layer), ("decoder", spec.decoder.layer)]:
        for i, layer in enumerate(layers):
            block(layer, f"{side}.blocks.{i}", side == "decoder")
    return spec


def main(out):
    rows = ["kind\tbytes\tsha256"]
    for kind in KINDS:
        spec = model()
        spec.register_vocabulary(["x"] * VOCAB)
        spec.validate()
        spec.optimize(kind)
        with tempfile.TemporaryDirectory() as folder:
            spec.save(folder)
            content = (pathlib.Path(folder) / "model.bin").read_bytes()
        if len(sys.argv) > 2:
            pathlib.Path(sys.argv[2], f"{kind}.bin").write_bytes(content)
        rows.append(f"{kind}\t{len(content)}\t{hashlib.sha256(content).hexdigest()}")
    pathlib.Path(out).write_text("\n".join(rows) + "\n")


main(sys.argv[1])
