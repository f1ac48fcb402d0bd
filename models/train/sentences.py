"""Sentences that people say at home, and others, as they are written and as they are spoken.

`python sentences.py --language de --count 20` shows some. Everything follows from the seed.
A template, or a sentence of one, whose hash falls on a twentieth is held out: it is never
trained on, and judges what was learned.
"""

import argparse
import collections
import hashlib
import pathlib
import random
import re
import unicodedata

from num2words import num2words

HERE = pathlib.Path(__file__).parent
FOLDERS = {"de": pathlib.Path("/usr/share/games/fortunes/de"), "en": pathlib.Path("/usr/share/games/fortunes")}
LETTERS = {"de": "a-zA-ZäöüÄÖÜß", "en": "a-zA-Z"}
OUT_OF_DOMAIN = 0.22
# Families that are short lists in themselves: fewer draws than those with many slots.
RARE = {"pin": 0.4, "numbers": 0.7, "words": 1.2, "hesitation": 0.5, "announce": 0.5, "fan": 0.5, "vacuum mower": 0.6,
        "talk": 1.6, "media": 1.8, "light room": 1.5, "light name": 1.3, "timers": 1.4, "lists": 1.2, "scenes scripts": 1.4,
        "time date": 1.0, "weather": 1.2}


class Grammar:
    """The templates of one language."""

    def __init__(self, language):
        self.language = language
        self.lists = {}
        self.families = {}
        family = None
        for line in (HERE / "sentences" / f"{language}.txt").read_text().splitlines():
            if line.startswith("@"):
                name, values = line[1:].split(" = ", 1)
                self.lists[name.strip()] = [value.strip() for value in values.split(" | ")]
            elif line.startswith("# "):
                family = line[2:]
            elif line and not line.startswith("#"):
                self.families.setdefault(family, []).append(line)
        self.families = {name: rows for name, rows in self.families.items() if rows}

    def draw(self, rng):
        """(family, template, written, spoken)"""
        names = list(self.families)
        family = rng.choices(names, [RARE.get(name, 1.0) for name in names])[0]
        template = rng.choice(self.families[family])
        written, spoken = self.expand(template, rng)
        return family, template, sentence(written, template.endswith("?")), sentence(spoken, template.endswith("?"))

    def expand(self, template, rng):
        template = template.rstrip("?")
        if "=" in template and "{" in template.split("=")[0] and "|" not in template:
            return self.pair(template, rng)
        parts = [self.part(node, rng) for node in parse(template)]
        return "".join(w for w, _ in parts), "".join(s for _, s in parts)

    def part(self, node, rng):
        kind, value = node
        if kind == "text":
            return (value, value) if "=" not in value else self.pair(value, rng)
        if kind == "optional":
            return ("", "") if rng.random() < 0.55 else self.alternatives(value, rng)
        if kind == "choice":
            return self.alternatives(value, rng)
        if value.startswith("n:"):
            return self.number(value, rng)
        return self.expand(rng.choice(self.lists[value]), rng)

    def alternatives(self, rows, rng):
        return self.expand(rng.choice(rows), rng)

    def pair(self, text, rng):
        """`written=spoken`: the numbers of the one are those of the other."""
        left, right = text.split("=", 1)
        drawn = []

        def fill(match):
            low, high = map(int, re.fullmatch(r"\{n:(-?\d+)-(\d+)\}", match[0]).groups())
            drawn.append(rng.randint(low, high))
            return str(drawn[-1])

        left = re.sub(r"\{n:[^}]*\}", fill, left)
        again = iter(drawn)
        right = re.sub(r"\{n[^}]*\}", lambda _: words(next(again), self.language), right)
        return left, right

    def number(self, value, rng):
        low, high = map(int, re.fullmatch(r"n:(-?\d+)-(\d+)", value).groups())
        number = rng.randint(low, high)
        return str(number), words(number, self.language)


def words(number, language):
    text = num2words(number, lang=language)
    return text.replace("-", " ") if language == "en" else text


def parse(text):
    """A template as a list of (kind, value)."""
    nodes, at, plain = [], 0, ""

    def flush():
        nonlocal plain
        if plain:
            nodes.append(("text", plain))
        plain = ""

    closing = {"(": ")", "[": "]", "{": "}"}
    while at < len(text):
        letter = text[at]
        if letter not in closing:
            plain, at = plain + letter, at + 1
            continue
        flush()
        depth, end = 0, at
        while True:
            if text[end] in "([{":
                depth += 1
            elif text[end] in ")]}":
                depth -= 1
            if depth == 0:
                break
            end += 1
        inner = text[at + 1 : end]
        kind = {"(": "choice", "[": "optional", "{": "list"}[letter]
        nodes.append((kind, inner if kind == "list" else split(inner)))
        at = end + 1
    flush()
    return nodes


def split(text):
    """At the `|` that are in no bracket."""
    rows, depth, row = [], 0, ""
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "|" and depth == 0:
            rows.append(row)
            row = ""
        else:
            row += letter
    return rows + [row]


def sentence(text, question):
    text = re.sub(r"\s+", " ", text).strip()
    text = text[:1].upper() + text[1:]
    return text + ("?" if question else ".")


def held_out(*what):
    """Whether something is kept for judging: a twentieth of templates and of sentences."""
    return int(hashlib.sha256("\x1f".join(what).encode()).hexdigest(), 16) % 20 == 0


def home(language, count, rng, judge=False):
    """So many different home sentences: for training, or those held out for judging."""
    grammar, seen, rows = Grammar(language), collections.Counter(), []
    for _ in range(count * 60):
        family, template, written, spoken = grammar.draw(rng)
        kept = held_out(language, written) or (template.count("{") > 0 and held_out(language, template))
        # A fixed phrase may come back in another voice; a sentence with slots comes once.
        limit = 1 if "{" in template else 6
        if kept != judge or seen[written] >= limit or len(spoken) > 110:
            continue
        seen[written] += 1
        rows.append((language, family, written, spoken))
        if len(rows) == count:
            break
    return rows


def others(language, count, rng):
    """Sentences about anything: Debian's fortunes, short ones without figures."""
    rows = set()
    for path in sorted(FOLDERS[language].glob("*.u8" if language == "de" else "*")):
        if path.suffix not in {"", ".u8"} or path.is_dir():
            continue
        text = unicodedata.normalize("NFKC", path.read_text(errors="ignore"))
        for entry in text.split("\n%"):
            for row in re.split(r"(?<=[.!?])\s+", re.sub(r"\s+", " ", entry)):
                plain = re.fullmatch(rf"[A-ZÄÖÜ][{LETTERS[language]}, ']{{12,80}}[.!?]", row.strip())
                if plain and 3 <= len(row.split()) <= 13 and not re.search(r"[A-Z]{2}", row):
                    rows.add(row.strip())
    rows = sorted(rows)
    rng.shuffle(rows)
    return [(language, "out of domain", row, row) for row in rows if not held_out(language, row)][:count]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--language", choices=("de", "en"), required=True)
    arguments.add_argument("--count", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--judge", action="store_true", help="the sentences that are held out")
    options = arguments.parse_args()
    rng = random.Random(options.seed)
    rows = home(options.language, options.count, rng, options.judge) + others(options.language, options.count // 4, rng)
    for row in rows:
        print("\t".join(row))


if __name__ == "__main__":
    main()
