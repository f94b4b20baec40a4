"""A port that lets no more connections begin, while those that have begun are still taken. Standard library only."""

import ctypes
import socket
import struct
from contextlib import suppress

_ATTACH_FILTER = 26  # SO_ATTACH_FILTER, for which `socket` has no name
_LOAD_BYTE, _ANY_BIT_SET, _RETURN = 0x30, 0x45, 0x06
_FLAGS, _SYN = 13, 0x02  # the byte of a TCP header that has the flags, and the one that begins a connection
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
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in _PASS_ALL_BUT_SYN))
        told = struct.pack("HL", len(_PASS_ALL_BUT_SYN), ctypes.addressof(program))
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, told)
    except OSError:
        with suppress(OSError):
            listener.listen(0)
