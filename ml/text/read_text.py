"""A text whose words were read once, for the model and for what the journal keeps. Light: the service imports it."""

from abc import ABC, abstractmethod
from typing import Any


class ReadText(str):
    """A text with what was made of it.

    `by` is the reader that made it, `made` what a model takes, `words` how many words there are, `known` how many of
    them are in the reader's vocabulary.
    """

    by: "TextReader"
    made: Any
    words: int
    known: int


class TextReader(ABC):
    """A vocabulary, compiled."""

    @abstractmethod
    def count(self, text: str) -> tuple[Any, int, int]:
        """Return what a model takes of a text, how many words it has, and how many of them are known."""

    def read(self, text: str) -> ReadText:
        """Return the text with what was made of it."""
        found = ReadText(text)
        found.by, (found.made, found.words, found.known) = self, self.count(text)
        return found

    def made(self, text: str | None) -> Any:
        """Return what a model takes of a text, missing or read before or not."""
        if isinstance(text, ReadText) and text.by is self:
            return text.made
        return self.count(text or "")[0]
