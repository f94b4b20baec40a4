"""What a pickle says, as data: its instructions are followed without importing, calling or making anything.

Unpickling runs whatever the file names. Here a name stays a name, and a call a record of what would have been called
with which arguments; whoever reads the records takes what he knows and refuses the rest. A file costs no more than its
instructions, which are counted: nothing is hashed, compared or written as text but text, and nothing nests without end.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

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


_T = TypeVar("_T")
_MARK = object()
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_VALUES = frozenset(
    {
        *("BINFLOAT", "BININT", "BININT1", "BININT2", "LONG1", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
        *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
_MOST_INSTRUCTIONS = 1_000_000
"""The largest known table, ames, has 118,197."""
_LONGEST_NAME = 200
_DEEPEST = 16
"""Tuples in one another."""
_SIZES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_NOTHING = frozenset({"PROTO", "FRAME", "STOP"})


def records_of(data: bytes) -> Any:
    """Return the one value that a pickle describes; lists, dictionaries, numbers and texts as they are.

    Raises:
        ContentError: If it has an instruction that describes no table, or too many of them, or is no pickle.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if count == _MOST_INSTRUCTIONS:
                raise ValueError(f"it has more than {_MOST_INSTRUCTIONS:,} instructions")
            machine.follow(opcode.name, argument)
        (value,) = machine.stack
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ContentError(f"it is not the pickle of a table ({error})") from None
    return value


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memo: list[Any] = []
        self._depths: dict[int, tuple[int, tuple[Any, ...]]] = {}  # by identity, which the tuple kept here keeps
        self._steps: dict[str, Callable[[], None]] = {
            "MARK": lambda: self.stack.append(_MARK),
            "MEMOIZE": lambda: self._memo.append(self.stack[-1]),
            "EMPTY_DICT": lambda: self.stack.append({}),
            "EMPTY_LIST": lambda: self.stack.append([]),
            "TUPLE": lambda: self._tuple(self._since_mark()),
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
            values = self.stack[-_SIZES[instruction] :]
            del self.stack[-_SIZES[instruction] :]
            self._tuple(values)
        elif instruction not in _NOTHING:
            self._steps[instruction]()

    def _since_mark(self) -> list[Any]:
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
        values = self.stack[place + 1 :]
        del self.stack[place:]
        return values

    def _tuple(self, values: list[Any]) -> None:
        depth = 1 + max((self._depths[id(value)][0] for value in values if type(value) is tuple and value), default=0)
        if depth > _DEEPEST:
            raise ValueError(f"it has tuples nested more than {_DEEPEST} deep")
        made = tuple(values)
        self._depths[id(made)] = depth, made
        self.stack.append(made)

    def _extend(self, values: list[Any]) -> None:
        _require(self.stack[-1], list, "what is appended to").extend(values)

    def _update(self, pairs: list[Any]) -> None:
        keys = [_require(key, str, "a key") for key in pairs[::2]]
        _require(self.stack[-1], dict, "what gets keys").update(zip(keys, pairs[1::2], strict=True))

    def _name(self) -> None:
        attribute, module = (_require(self.stack.pop(), str, "a name") for _ in range(2))
        if len(attribute) + len(module) > _LONGEST_NAME:
            raise ValueError(f"it has names of more than {_LONGEST_NAME} characters")
        self.stack.append(Name(f"{module}.{attribute}"))

    def _call(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        arguments = _require(arguments, tuple, "what stands for arguments")
        self.stack.append(Call(_require(called, Name, "what is called").text, arguments))

    def _build(self) -> None:
        state = self.stack.pop()
        _require(self.stack[-1], Call, "what gets a state").state = state


def _require(value: Any, kind: type[_T], what: str) -> _T:
    if type(value) is not kind:
        raise TypeError(f"{what} is a {type(value).__name__}")
    return value
