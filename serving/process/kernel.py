"""What the kernel is told about a port: who gets the connections that begin, and when none may. Standard library."""

import ctypes
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress

_FILTER, _STEER = 26, 51  # SO_ATTACH_FILTER and SO_ATTACH_REUSEPORT_CBPF, for which `socket` has no names
_LOAD_BYTE, _LOAD_WORD, _REMAINDER, _ANY_BIT_SET, _EQUAL, _RETURN = 0x30, 0x20, 0x94, 0x45, 0x15, 0x06
_FLAGS, _SYN = 13, 0x02  # the byte of a TCP header that has the flags, and the one that begins a connection
_RANDOM = 0xFFFF_F000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM
_PASS_ALL_BUT_SYN = [
    (_LOAD_BYTE, 0, 0, _FLAGS),
    (_ANY_BIT_SET, 0, 1, _SYN),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, 0xFFFF_FFFF),
]


def let_no_more_begin(listener: socket.socket) -> None:
    """Drop what would begin a connection, in every process that has the port: the client asks again a second later.

    Closing the port at once would reset clients that are connected, have sent their request, and were not taken yet.
    By the time that they ask again it is closed, and they are refused. Where the kernel has no such filter, few
    connections can begin instead of none.
    """
    try:
        _attach(listener, _FILTER, _PASS_ALL_BUT_SYN)
    except OSError:
        with suppress(OSError):
            listener.listen(0)


def steer(listeners: Sequence[socket.socket], places: Sequence[int]) -> None:
    """Let each connection that begins at a port of several sockets go to one of these, by chance.

    Without it the kernel chooses among all by the client's address, those too whose process has just died. Workers that
    wait at one socket would not do: one of them may take nearly all.

    Args:
        listeners: The sockets, in the order in which they were opened.
        places: Positions of those that are to get any, at least one.
    """
    program = [(_LOAD_WORD, 0, 0, _RANDOM), (_REMAINDER, 0, 0, len(places))]
    for number, place in enumerate(places):
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, place)]
    with suppress(OSError):
        _attach(listeners[0], _STEER, [*program, (_RETURN, 0, 0, places[0])])


def _attach(listener: socket.socket, option: int, instructions: list[tuple[int, int, int, int]]) -> None:
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in instructions))
    listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("HL", len(instructions), ctypes.addressof(program)))
