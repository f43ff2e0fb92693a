"""Messages between the stack, the zygote and the workers: a length, then JSON."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct(">I")


def send(channel: socket.socket, message: dict[str, Any], descriptor: int | None = None) -> None:
    """Write one message; `descriptor` is handed to the receiving process with its first byte."""
    body = json.dumps(message).encode()
    frame = _LENGTH.pack(len(body)) + body
    if descriptor is None:
        channel.sendall(frame)
        return
    socket.send_fds(channel, [frame[:1]], [descriptor])
    channel.sendall(frame[1:])


def receive(channel: socket.socket) -> dict[str, Any] | None:
    """Read one message; None when the other side is gone."""
    head = _read(channel, _LENGTH.size)
    if head is None:
        return None
    return _decode(channel, head)


def receive_with_descriptor(channel: socket.socket) -> tuple[dict[str, Any], int | None] | None:
    """Read one message and the descriptor that came with it, if any."""
    try:
        first, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    except OSError:
        return None
    if not first:
        return None
    rest = _read(channel, _LENGTH.size - 1)
    message = _decode(channel, first + rest) if rest is not None else None
    if message is None:
        return None
    return message, descriptors[0] if descriptors else None


def _decode(channel: socket.socket, head: bytes) -> dict[str, Any] | None:
    (length,) = _LENGTH.unpack(head)
    body = _read(channel, length)
    if body is None:
        return None
    message: dict[str, Any] = json.loads(body)
    return message


def _read(channel: socket.socket, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        try:
            part = channel.recv(min(size, 1 << 20))
        except OSError:
            return None
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
