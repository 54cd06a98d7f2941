"""Whether the process that a run belongs to is still there."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta

HOST = socket.gethostname()
# On another machine only the heartbeat tells; the engine gives one a minute.
BEAT_SECONDS = 60.0
SILENCE = timedelta(minutes=10)


def alive(host: str | None, pid: int | None, heartbeat: datetime | None) -> bool:
    """Whether a run's process still lives: asked here, or told by its heartbeat from elsewhere."""
    if host is None or pid is None or heartbeat is None:
        return False
    if host != HOST:
        return datetime.now(UTC).replace(tzinfo=None) - heartbeat < SILENCE
    if pid == os.getpid():
        return True
    return process_exists(pid)


def process_exists(pid: int) -> bool:
    """Whether there is such a process on this machine, zombies aside."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # The state follows the name in parentheses, which may itself hold any character.
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        # No /proc: a macOS, or the process has just ended.
        return True
