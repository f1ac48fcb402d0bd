"""OpenAI's Whisper with a short context: the silence tail, as Hark's engine has it.

Only the speech and some slack is encoded. Behind it stand frames of an encoded near-silence,
every sixteenth, each with the logarithm of the frames that it stands for added to its
cross-attention's logits.
"""

import json
import math
import pathlib
import re
import sys

import numpy
import safetensors.numpy
import torch
import torch.nn.functional as F
import whisper
import whisper.tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "reference"))
import models  # noqa: E402

RATE = 16000
SAMPLES_PER_FRAME = 320
FULL = 1500
SLACK = 48
EVERY = 16
STEP = 16
TOKENIZER = whisper.tokenizer.get_tokenizer(True, language="en", task="transcribe")
# Hugging Face's names of openai-whisper's tensors, in the order in which they are to be replaced.
HUGGING_FACE = [
    ("layers.", r"blocks\."), ("encoder_attn_layer_norm", r"\bcross_attn_ln"), ("encoder_attn.", r"\bcross_attn\."),
    ("self_attn_layer_norm", r"\battn_ln"), ("self_attn.", r"(?<!_)\battn\."), ("q_proj", r"\bquery"), ("k_proj", r"\bkey"),
    ("v_proj", r"\bvalue"), ("out_proj", r"\bout\b"), ("final_layer_norm", r"\bmlp_ln"), ("fc1", r"\bmlp\.0"),
    ("fc2", r"\bmlp\.2"), ("embed_positions.weight", "positional_embedding"), ("embed_tokens", "token_embedding"),
    ("encoder.layer_norm", r"encoder\.ln_post"), ("decoder.layer_norm", r"decoder\.ln\b"),
]


def load(folder):
    """A Whisper of Hugging Face's layout, in single precision."""
    return models.hugging_face(pathlib.Path(folder))


def to_openai(name):
    """openai-whisper's name of a tensor of Hugging Face's."""
    for theirs, ours in models.RENAMES:
        name = name.replace(theirs, ours)
    return name


def to_hugging_face(name):
    """The other way round."""
    side = name.split(".")[0]
    for theirs, ours in HUGGING_FACE:
        name = re.sub(ours, theirs, name)
    return "model." + name if side in ("encoder", "decoder") else name


def save(folder, model, tokenizer):
    """Writes Hugging Face's layout in half precision: weights, sizes, and the given `tokenizer.json`."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {to_hugging_face(name): tensor.detach().to(torch.float16).contiguous().numpy()
               for name, tensor in model.state_dict().items() if name != "decoder.mask"}
    safetensors.numpy.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    sizes = model.dims
    config = dict(
        architectures=["WhisperForConditionalGeneration"], model_type="whisper", activation_function="gelu",
        d_model=sizes.n_audio_state, num_mel_bins=sizes.n_mels, vocab_size=sizes.n_vocab,
        encoder_layers=sizes.n_audio_layer, encoder_attention_heads=sizes.n_audio_head, encoder_ffn_dim=4 * sizes.n_audio_state,
        decoder_layers=sizes.n_text_layer, decoder_attention_heads=sizes.n_text_head, decoder_ffn_dim=4 * sizes.n_text_state,
        max_source_positions=sizes.n_audio_ctx, max_target_positions=sizes.n_text_ctx, tie_word_embeddings=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "tokenizer.json").write_bytes(pathlib.Path(tokenizer).read_bytes())


def tokens_of(language, text):
    """What is taken in, and what is to follow; -100 where nothing is asked."""
    t = TOKENIZER
    prompt = [t.sot, t.to_language_token(language), t.transcribe, t.no_timestamps]
    words = t.encode(" " + text) if text else []
    first = t.to_language_token(language) if text else t.no_speech
    return prompt + words, [first, -100, -100] + words + [t.eot]


def frames_for(samples):
    """Frames that are encoded for so many samples."""
    frames = math.ceil(samples / SAMPLES_PER_FRAME) + SLACK
    return min(FULL, math.ceil(frames / STEP) * STEP)


def encode(model, clips):
    """Encoder frames of clips of one length in frames (zeros fill them up)."""
    frames = max(frames_for(len(clip)) for clip in clips)
    padded = torch.zeros(len(clips), frames * SAMPLES_PER_FRAME)
    for row, clip in zip(padded, clips):
        row[: len(clip)] = torch.as_tensor(clip[: len(row)])
    return forward(model.encoder, whisper.log_mel_spectrogram(padded, model.dims.n_mels))


def forward(encoder, mel):
    x = F.gelu(encoder.conv1(mel))
    x = F.gelu(encoder.conv2(x)).permute(0, 2, 1)
    x = x + encoder.positional_embedding[: x.shape[1]]
    for block in encoder.blocks:
        x = block(x)
    return encoder.ln_post(x)


def silence(model):
    """The encoded near-silence: 1,500 frames."""
    noise = numpy.random.default_rng(0).standard_normal(30 * RATE).astype(numpy.float32) * 1e-3
    with torch.no_grad():
        return forward(model.encoder, whisper.log_mel_spectrogram(torch.from_numpy(noise), model.dims.n_mels)[None])[0].float()


def with_tail(encoded, tail):
    """A batch of encoded clips, each with its tail: `[clips, positions, width]` and what is added to the logits."""
    rows, biases = [], []
    for frames in encoded:
        length = len(frames)
        starts = range(length, FULL, EVERY)
        weights = [math.log(min(EVERY, FULL - start)) for start in starts]
        rows.append(torch.cat([frames, tail[list(starts)]]))
        biases.append(torch.cat([torch.zeros(length), torch.tensor(weights)]))
    longest = max(map(len, rows))
    x = torch.stack([F.pad(row, (0, 0, 0, longest - len(row))) for row in rows])
    bias = torch.stack([F.pad(row, (0, longest - len(row)), value=-1e9) for row in biases])
    return x, bias[:, None, None, :]


def decode(decoder, embedded, x, bias):
    """The decoder's last layer behind each embedded token: `[clips, tokens, width]`."""
    h = embedded + decoder.positional_embedding[: embedded.shape[1]]
    for block in decoder.blocks:
        h = h + attend(block.attn, block.attn_ln(h), None, None)
        h = h + attend(block.cross_attn, block.cross_attn_ln(h), x, bias)
        h = h + block.mlp(block.mlp_ln(h))
    return decoder.ln(h)


def logits(decoder, h):
    return h @ decoder.token_embedding.weight.to(h.dtype).T


def attend(attention, x, source, bias):
    source = x if source is None else source
    heads = lambda t: t.view(*t.shape[:2], attention.n_head, -1).permute(0, 2, 1, 3)
    q, k, v = heads(attention.query(x)), heads(attention.key(source)), heads(attention.value(source))
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=None if bias is None else bias.to(q.dtype), is_causal=bias is None)
    return attention.out(mixed.permute(0, 2, 1, 3).flatten(2))


@torch.no_grad()
def transcribe(model, encoded, tail, languages, limit=60):
    """Greedy texts of clips (lists of frames), each in its language; text tokens only."""
    texts = [None] * len(encoded)
    order = sorted(range(len(encoded)), key=lambda at: len(encoded[at]))
    for start in range(0, len(order), 24):
        batch = order[start : start + 24]
        x, bias = with_tail([encoded[at] for at in batch], tail)
        tokens = torch.tensor([[TOKENIZER.sot, TOKENIZER.to_language_token(languages[at]), TOKENIZER.transcribe,
                                TOKENIZER.no_timestamps] for at in batch])
        done = torch.zeros(len(batch), dtype=torch.bool)
        for step in range(limit):
            last = logits(model.decoder, decode(model.decoder, model.decoder.token_embedding(tokens), x, bias)[:, -1:])[:, 0].float()
            last[:, TOKENIZER.eot + 1 :] = -torch.inf
            if step == 0:
                last[:, TOKENIZER.encode(" ")[0]] = -torch.inf
            following = torch.where(done, TOKENIZER.eot, last.argmax(-1))
            tokens = torch.cat([tokens, following[:, None]], 1)
            done |= following == TOKENIZER.eot
            if done.all():
                break
        for row, at in zip(tokens[:, 4:].tolist(), batch):
            texts[at] = TOKENIZER.decode([token for token in row if token < TOKENIZER.eot]).strip()
    return texts
