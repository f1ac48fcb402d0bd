"""Writes down what openai-whisper hears in the shared clips, for the engine's tests.

    texts.py SHARED OUT

Decodes every clip of SHARED with OpenAI's base greedily (language given, no timestamps,
padded to 30 s, single precision) and writes one line a clip:

    file, language, no_speech_prob, avg_logprob, tokens, gaps, text

`tokens` are the text tokens without the end of text; `gaps` has, for each of them and
for the end of text, how far the best logit was above the second best. Where a gap is
tiny, another order of additions may choose the other token.
"""

import csv
import pathlib
import sys

import torch
import whisper
from whisper import decoding

import models


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
    model = models.hugging_face(shared / "models" / "whisper-base")
    with open(shared / "audio" / "manifest.tsv", encoding="utf-8", newline="") as manifest:
        languages = {row["file"]: row["language"] for row in csv.DictReader(manifest, delimiter="\t")}
    with open(out, "w", encoding="utf-8", newline="\n") as table:
        table.write("file\tlanguage\tno_speech_prob\tavg_logprob\ttokens\tgaps\ttext\n")
        for path in sorted((shared / "audio").glob("*.wav")):
            language = languages[path.name] if languages.get(path.name) in ("de", "en") else "en"
            audio = whisper.pad_or_trim(models.samples(path))
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
