"""What a pickle says, as data: its instructions are followed without importing, calling or making anything.

Unpickling runs whatever the file names. Here a name stays a name, and a call a record of what would have been called
with which arguments; whoever reads the records takes what he knows and refuses the rest.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas.errors import ContentError


@dataclass(frozen=True)
class Name:
    """What the file refers to: module and attribute."""

    text: str


@dataclass
class Call:
    """What would have been called, its arguments, and the state that it would have been given."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None


_MARK = object()
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_VALUES = frozenset(
    {
        *("BINFLOAT", "BININT", "BININT1", "BININT2", "LONG1", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
_SIZES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_NOTHING = frozenset({"PROTO", "FRAME", "STOP"})


def records_of(data: bytes) -> Any:
    """Return the one value that a pickle describes; lists, dictionaries, numbers and texts as they are.

    Raises:
        ContentError: If it has an instruction that describes no table, or is no pickle.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            machine.follow(opcode.name, argument)
        (value,) = machine.stack
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise ContentError(f"it is not the pickle of a table ({error})") from None
    return value


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memo: list[Any] = []
        self._steps: dict[str, Callable[[], None]] = {
            "MARK": lambda: self.stack.append(_MARK),
            "MEMOIZE": lambda: self._memo.append(self.stack[-1]),
            "EMPTY_DICT": lambda: self.stack.append({}),
            "EMPTY_LIST": lambda: self.stack.append([]),
            "TUPLE": lambda: self.stack.append(tuple(self._since_mark())),
            "APPEND": lambda: self._extend([self.stack.pop()]),
            "APPENDS": lambda: self._extend(self._since_mark()),
            "SETITEM": lambda: self._update([self.stack.pop(-2), self.stack.pop()]),
            "SETITEMS": lambda: self._update(self._since_mark()),
            "STACK_GLOBAL": self._name,
            "REDUCE": self._call,
            "NEWOBJ": self._call,
            "BUILD": self._build,
        }

    def follow(self, instruction: str, argument: Any) -> None:
        if instruction in _VALUES:
            self.stack.append(argument)
        elif instruction in ("BINGET", "LONG_BINGET"):
            self.stack.append(self._memo[argument])
        elif instruction in _CONSTANTS:
            self.stack.append(_CONSTANTS[instruction])
        elif instruction in _SIZES:
            size = _SIZES[instruction]
            self.stack[-size:] = [tuple(self.stack[-size:])]
        elif instruction not in _NOTHING:
            self._steps[instruction]()

    def _since_mark(self) -> list[Any]:
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
        values = self.stack[place + 1 :]
        del self.stack[place:]
        return values

    def _extend(self, values: list[Any]) -> None:
        self.stack[-1].extend(values)

    def _update(self, pairs: list[Any]) -> None:
        self.stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))

    def _name(self) -> None:
        attribute, module = self.stack.pop(), self.stack.pop()
        self.stack.append(Name(f"{module}.{attribute}"))

    def _call(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        self.stack.append(Call(called.text, arguments))

    def _build(self) -> None:
        state = self.stack.pop()
        self.stack[-1].state = state
