"""Sentences with one word left out: each verse of the King James Bible, and which of its frequent words is missing."""

import random
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ml.sources.packages.verses import read_verses

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("book", "chapter", "verse", "sentence", "word")
GAP = "BLANK"
"""What stands for the word that is left out; no verse has it."""
FREQUENT = 20
"""The words that are left out: so many, the most frequent ones."""
_WORD = re.compile(r"[A-Za-z]+")


def read_gaps(file: Path) -> "pd.DataFrame":
    """Return every verse that has one of the 20 most frequent words, with one of those left out, the same every time.

    `word` is the word in small letters. Raises ContentError.
    """
    import pandas as pd

    verses = read_verses(file)
    counts = Counter(word.lower() for text in verses["text"] for word in _WORD.findall(text))
    frequent = {word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:FREQUENT]}
    draw = random.Random(0)
    rows = []
    for book, chapter, verse, text in verses.itertuples(index=False):
        places = [found for found in _WORD.finditer(text) if found.group().lower() in frequent]
        if places:
            gap = draw.choice(places)
            sentence = text[: gap.start()] + GAP + text[gap.end() :]
            rows.append((book, chapter, verse, sentence, gap.group().lower()))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"book": "str", "sentence": "str", "word": "str"})
