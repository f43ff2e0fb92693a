"""Strikes on the socket itself."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from io import BufferedIOBase

from prefdrop_local.sandbox.messages import Response

_LONGEST_HOLD = 300.0
_LOOK_AGAIN = 0.1
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with 0 seconds: closing sends a reset and throws unsent bytes away."""


class Wire:
    """One connection, with an answer due on it.

    After any of these but `send` and a cut of matching length, the connection ends.
    """

    def __init__(
        self, connection: socket.socket, reader: BufferedIOBase, head: Callable[[Response], bytes]
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._head = head
        self.ended = False
        """Whether no further request can come in."""

    def send(self, response: Response) -> None:
        """The whole answer."""
        self._connection.sendall(self._head(response) + response.body)

    def cut(self, response: Response, *, matching_length: bool) -> None:
        """Half of the answer's body."""
        half = response.body[: len(response.body) // 2]
        if matching_length:
            self.send(Response(response.status, half, response.headers))
            return
        self.ended = True
        self._connection.sendall(self._head(response) + half)

    def read(self, most: int) -> int:
        """Take up to `most` bytes of the body in; how many came."""
        return len(self._reader.read(most))

    def reset(self) -> None:
        """Reset the connection: the caller sees no orderly end of it."""
        self.ended = True
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        # The reader shares the descriptor, which closes only with the last of them.
        self._reader.close()
        self._connection.close()

    def hold(self, seconds: float | None, over: threading.Event) -> None:
        """Stay silent until the caller gives up, `seconds` are over or `over` is set."""
        until = time.monotonic() + (_LONGEST_HOLD if seconds is None else seconds)
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            while not over.is_set() and (left := until - time.monotonic()) > 0:
                # A caller that waits sends nothing: what can be read is the end.
                if selector.select(min(left, _LOOK_AGAIN)):
                    break
        self.reset()
