"""Ports of this host, for a server that a collector starts."""

import socket

LOOPBACK = "127.0.0.1"
CONNECT_SECONDS = 1.0


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now. Another program may take it first."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Return whether something takes connections at a port of 127.0.0.1."""
    try:
        socket.create_connection((LOOPBACK, port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
