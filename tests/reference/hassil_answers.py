#!/usr/bin/env python3
"""Writes what Home Assistant's own matcher understands, for tests to compare with.

By hand, when its sentences or its matcher have changed:

    python3 -m venv ~/.cache/hark/hassil
    ~/.cache/hark/hassil/bin/pip install hassil home-assistant-intents
    ~/.cache/hark/hassil/bin/python tests/reference/hassil_answers.py

It samples sentences from the templates of the package home-assistant-intents, changes
many of them as people and recognisers do (but for hyphens, which Hark takes for spaces
everywhere and hassil in some places only), and writes what hassil says to each into
crates/hark-intents/tests/hassil/<language>.tsv, with the templates beside it. The same
versions give the same files.
"""

import json
import random
import re
import sys
from pathlib import Path

import hassil
from hassil.expression import Alternative, ListReference, Permutation, RuleReference, TextChunk
from hassil.intents import RangeSlotList, TextSlotList, WildcardSlotList
from hassil.numbers import get_rbnf_engine
from hassil.util import normalize_whitespace
from home_assistant_intents import get_intents

HERE = Path(__file__).resolve().parent.parent.parent / "crates/hark-intents/tests/hassil"
COUNT = 2500
WORDS = {
    "de": "Milch Brot Käse Äpfel Nudeln Pizza Essen Mama kommt gleich Abba Queen schöne Lieder Berlin heute morgen".split(),
    "en": "milk bread cheese apples pasta pizza dinner mom is coming Abba Queen nice songs London today tomorrow".split(),
}
FILLERS = {"de": "und nicht vielleicht Hund wie".split(), "en": "and not maybe dog how".split()}


def home(language):
    """The lists of the home: (said, value, context) by list."""
    column = {"de": 1, "en": 2}[language]
    lists = {"area": [], "floor": [], "name": []}
    for line in (HERE / "home.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        cells = line.split("\t") + ["", ""]
        names = cells[column].split("|")
        context = {"domain": cells[3]} if cells[3] else {}
        if cells[4]:
            context["device_class"] = cells[4]
        for name in names:
            lists[cells[0]].append((name, names[0], context))
    return {
        name: TextSlotList.from_tuples(values, allow_template=False, name=name)
        for name, values in lists.items()
    }


class Distinct(int):
    """A number that equals only itself.

    hassil keeps the words of a range by its bounds alone, so that of two ranges with the
    same bounds the second gets the multiplier of the first: "volume down by ten" came out
    as +10. Bounds that differ keep the two apart.
    """

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Sampler:
    """Says random sentences of templates."""

    def __init__(self, intents, lists, language, rng):
        self.intents, self.lists, self.language, self.rng = intents, lists, language, rng

    def say(self, data, item):
        if isinstance(item, TextChunk):
            return item.original_text
        if isinstance(item, Alternative):
            return self.say(data, self.rng.choice(item.items))
        if isinstance(item, Permutation):
            return "".join(self.say(data, i) for i in self.rng.sample(item.items, len(item.items)))
        if isinstance(item, RuleReference):
            rules = {**self.intents.expansion_rules, **data.expansion_rules}
            return self.say(data, rules[item.rule_name].expression)
        if isinstance(item, ListReference):
            return self.value(data, {**self.intents.slot_lists, **self.lists, **data.slot_lists}[item.list_name])
        return "".join(self.say(data, i) for i in item.items)

    def value(self, data, values):
        rng = self.rng
        if isinstance(values, WildcardSlotList):
            return " ".join(rng.choices(WORDS[self.language], k=rng.randint(1, 3)))
        if isinstance(values, RangeSlotList):
            number = rng.choice(list(values.get_numbers()))
            if rng.random() < 0.5:
                return str(number)
            words = get_rbnf_engine(self.language).format_number(number).text_by_ruleset
            return rng.choice(sorted(set(words.values())))
        fitting = values.values
        wanted = data.requires_context.get("domain")
        if wanted and rng.random() < 0.9:
            wanted = [wanted] if isinstance(wanted, str) else wanted
            fitting = [v for v in fitting if not v.context or v.context.get("domain") in wanted] or fitting
        return self.say(data, rng.choice(fitting).text_in)


def changed(text, language, skip_words, rng):
    """The sentence as somebody might say it, or nearly."""
    words = text.split()
    kind = rng.choice(["same"] * 8 + ["case", "mark", "drop", "twice", "swap", "skip", "filler", "typo"])
    at = rng.randrange(len(words))
    if kind == "case":
        return rng.choice([text.lower(), text.upper(), text.title()])
    if kind == "mark":
        return text + rng.choice([".", "!", "?", " ."])
    if kind == "drop" and len(words) > 1:
        del words[at]
    elif kind == "twice":
        words.insert(at, words[at])
    elif kind == "swap" and at + 1 < len(words):
        words[at], words[at + 1] = words[at + 1], words[at]
    elif kind == "skip":
        words.insert(at, rng.choice(skip_words))
    elif kind == "filler":
        words.insert(at, rng.choice(FILLERS[language]))
    elif kind == "typo":
        word = words[at]
        spot = rng.randrange(len(word))
        words[at] = word[:spot] + rng.choice("aeinrst") + word[spot + 1 :]
    return " ".join(words)


def answer(result):
    if result is None:
        return "-"
    slots = []
    for name, entity in sorted(result.entities.items()):
        value = entity.value
        shown = f"{value:g}" if isinstance(value, (int, float)) else str(value).strip()
        slots.append(f"{name}={shown}")
    return "|".join([result.intent.name, *slots])


def write(language):
    rng = random.Random(20261122)
    raw = get_intents(language)
    raw.pop("responses", None)
    for intent in raw["intents"].values():
        for block in intent["data"]:
            block.pop("metadata", None)
    text = json.dumps(raw, ensure_ascii=False, indent=0)
    (HERE / f"{language}.json").write_text(text + "\n")
    intents, lists = hassil.Intents.from_dict(raw), home(language)
    for values in intents.slot_lists.values():
        if isinstance(values, RangeSlotList):
            values.start = Distinct(values.start)
    sampler = Sampler(intents, lists, language, rng)
    blocks = [(data, s) for intent in intents.intents.values() for data in intent.data for s in data.sentences]
    area = {"de": "Küche", "en": "kitchen"}[language]
    lines, seen = [], set()
    while len(lines) < COUNT:
        data, sentence = rng.choice(blocks)
        text = normalize_whitespace(sampler.say(data, sentence.expression)).strip().replace("\xad", "")
        text = changed(text, language, intents.skip_words, rng) if text else text
        here = area if rng.random() < 0.5 else ""
        if not text or "\t" in text or (text, here) in seen:
            continue
        seen.add((text, here))
        result = hassil.recognize_best(
            text,
            intents,
            slot_lists=lists,
            intent_context={"area": here} if here else {},
            best_slot_name="name",
            language=language,
        )
        lines.append(f"{text}\t{here}\t{answer(result)}")
        if len(lines) % 250 == 0:
            print(language, len(lines), file=sys.stderr)
    (HERE / f"{language}.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    for language in sys.argv[1:] or ["de", "en"]:
        write(language)
