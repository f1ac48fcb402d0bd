#!/usr/bin/env python3
"""How long Home Assistant's own matcher takes for what the bench `intents` says in a large home.

    python3 -m venv ~/.cache/hark/hassil
    ~/.cache/hark/hassil/bin/pip install hassil home-assistant-intents
    cargo bench --locked --workspace --bench intents
    ~/.cache/hark/hassil/bin/python benches/peers/home_assistant.py

The same 1,000 devices in 60 areas and the same sentences, Home Assistant's templates on both sides
("Home Assistant's" in the bench's lines); every `--every`th sentence, once, after the first one has
warmed up what is kept.
"""

import argparse
import json
import time
from pathlib import Path

import hassil
from hassil.intents import TextSlotList
from home_assistant_intents import get_intents

HOME = Path(__file__).resolve().parent.parent.parent / "target/large-home.json"


def slot_list(name, entries):
    rows = [(value, value, {"domain": domain} if domain else {}) for value, domain in entries]
    return TextSlotList.from_tuples(rows, allow_template=False, name=name)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--every", type=int, default=10)
    options = arguments.parse_args()
    for language, said in json.loads(HOME.read_text()).items():
        intents = hassil.Intents.from_dict(get_intents(language))
        lists = {name: slot_list(name, entries) for name, entries in said["lists"].items()}
        hassil.recognize_best("x", intents, slot_lists=lists, language=language)
        for what in ("understood", "nothing"):
            times, found = [], 0
            for text in said[what][:: options.every]:
                start = time.perf_counter()
                result = hassil.recognize_best(
                    text, intents, slot_lists=lists, language=language, best_slot_name="name",
                    best_metadata_key="hass_custom_sentence")
                times.append(time.perf_counter() - start)
                found += result is not None
            times.sort()
            at = lambda share: times[(len(times) - 1) * share // 100] * 1e3
            print(f"hassil {language}, {what}: p50 {at(50):.1f} ms, p99 {at(99):.1f} ms, slowest {at(100):.1f} ms "
                  f"({found} of {len(times)} understood)", flush=True)


if __name__ == "__main__":
    main()
