"""Tabs in YAML where kubectl and the API take them; PyYAML's own reader takes none outside of quotes.

They go by libyaml's rules, which theirs is a translation of: a tab may stand where no key or entry of a block can
begin. PyYAML may come with libyaml or without, and a file is read alike.

Source: libyaml 0.2.5, scanner.c; goyaml.v2 of sigs.k8s.io/yaml, scannerc.go (November 2026).
"""

from collections.abc import Callable
from typing import Any

import yaml
from yaml.scanner import ScannerError

_BLANKS, _BREAKS, _END = " \t", "\r\n\x85\u2028\u2029", "\0"


class TabLoader(yaml.SafeLoader):
    """Reads documents with tabs."""

    def scan_to_next_token(self) -> None:
        """Read over what stands between two words."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()

    def scan_plain_spaces(self, indent: int, start_mark: Any) -> list[str]:
        """Return what stands between two words without quotes: blanks as they are, line breaks as what they become."""
        blanks = self._taken(_BLANKS)
        if self.peek() not in _BREAKS:
            return [blanks] if blanks else []
        first, further = self._break(), list[str]()
        self.allow_simple_key = True
        while self.peek() in _BLANKS + _BREAKS and not self._is_between_documents():
            if self.peek() in _BREAKS:
                further.append(self._break())
                continue
            if self.peek() == "\t" and self.column < indent:
                self._refuse("while scanning a plain scalar", start_mark, "a tab in the place of indentation")
            self.forward()
        if self._is_between_documents():
            return []
        return [*([first] if first != "\n" else [] if further else [" "]), *further]

    def scan_block_scalar(self, style: str) -> Any:
        """Return a text of several lines; a tab behind its head is as good as a space."""
        self._mend_after(lambda sign: sign in "+-0123456789")
        return super().scan_block_scalar(style)

    def scan_block_scalar_ignored_line(self, start_mark: Any) -> None:
        """Read over what stands behind such a head."""
        self._taken(_BLANKS)
        super().scan_block_scalar_ignored_line(start_mark)

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, Any]:
        """Return the empty lines before the text, how far it is indented, and where they end."""
        began, found = self.get_mark(), super().scan_block_scalar_indentation()
        if self.peek() == "\t":
            self._refuse("while scanning a block scalar", began, "a tab where a space of indentation is expected")
        chunks, most, end = found
        return chunks, most, end

    def scan_tag(self) -> Any:
        """Return a tag; a tab behind it is as good as a space."""
        self._mend_after(lambda sign: sign not in _BLANKS + _BREAKS + _END)
        return super().scan_tag()

    def _mend_after(self, is_within: Callable[[str], bool]) -> None:
        """Put a space in the place of the tab behind a word that begins here, if one is there."""
        length = 1
        while is_within(self.peek(length)):
            length += 1
        if self.peek(length) == "\t":
            at = self.pointer + length
            self.buffer = f"{self.buffer[:at]} {self.buffer[at + 1 :]}"

    def _break(self) -> str:
        return str(self.scan_line_break())  # type: ignore[no-untyped-call]  # PyYAML's stubs

    def _taken(self, signs: str) -> str:
        """Read over signs of these, and return them."""
        length = 0
        while self.peek(length) in signs:
            length += 1
        taken = str(self.prefix(length))
        self.forward(length)
        return taken

    def _is_between_documents(self) -> bool:
        ends = self.column == 0 and self.prefix(3) in ("---", "...")
        return ends and self.peek(3) in _BLANKS + _BREAKS + _END

    def _refuse(self, doing: str, began: Any, what: str) -> None:
        raise ScannerError(doing, began, what, self.get_mark())
