"""Writes jiwer.tsv: pairs of texts with jiwer's counts, for tests/jiwer.rs.

    python3 -m venv v && v/bin/pip install jiwer==4.0.0
    v/bin/python make-jiwer.py > jiwer.tsv
"""

import random

import jiwer

WORDS = (
    "schalte das licht im flur aus mach die lampe in der küche heller stelle den wecker "
    "schließ alle fenster wie ist das wetter turn off lights what is on my shopping list "
    "please open garage door again and cancel timer for bath"
).split()


def changed(words, chance):
    out = []
    for word in words:
        kind = chance.random()
        if kind < 0.12:
            continue
        out.append(chance.choice(WORDS) if kind < 0.27 else word)
        if kind > 0.9:
            out.append(chance.choice(WORDS))
    return out


def main():
    chance = random.Random(20)
    print("said\theard\terrors\treference\tletters\tletter_errors")
    pairs = []
    for _ in range(60):
        said = [chance.choice(WORDS) for _ in range(chance.randint(1, 12))]
        pairs.append((" ".join(said), " ".join(changed(said, chance))))
    for said, heard in pairs:
        words, letters = jiwer.process_words(said, heard), jiwer.process_characters(said, heard)
        errors = words.substitutions + words.deletions + words.insertions
        wrong = letters.substitutions + letters.deletions + letters.insertions
        print(said, heard, errors, len(said.split()), len(said), wrong, sep="\t")
    said, heard = zip(*pairs)
    print("(all)", "", jiwer.wer(list(said), list(heard)), "", "", jiwer.cer(list(said), list(heard)), sep="\t")


main()
