"""Who may bring files in through the web, and the door that is shut for everybody else.

Streamlit takes a file from any open session, whether a page shows an uploader or not, and keeps it in memory. Here its address is
answered for those sessions only to which the Data screen has just shown one; with uploads off, for none.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.server_settings import LOCAL_NAMES
from warehouse.settings import Settings
from warehouse.uploads import SECRET

LEAST_SECRET: Final = 16
MOST_TRIES: Final = 5
TRIES_WITHIN_S: Final = 600.0
SLOW_S: Final = 5.0
_ADDRESS: Final = re.compile(r"/_stcore/upload_file/([^/]+)(?:/|$)")
# What a proxy adds: behind one, this machine's address says nothing of who asks.
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class Permission:
    """What stands between a visitor and an import on the screen.

    Attributes
    ----------
    switched_on : bool
        ``[admin] uploads``.
    local : bool
        The server is this machine's alone and no proxy stands before it.
    secret : str
        ``"none"``, ``"short"`` or ``"set"``.
    confined : bool
        Files are read by confined workers. Not looked at, and false, where uploads are switched off.
    confinement : tuple of str
        What is missing there, in Thai and English.
    """

    switched_on: bool
    local: bool
    secret: str
    confined: bool
    confinement: tuple[str, str] = ("", "")

    @property
    def possible(self) -> bool:
        """Whether anybody may bring files in."""
        too_short = self.secret == "short"  # noqa: S105 - a state, no secret
        return self.switched_on and self.confined and not too_short and (self.local or self.asks)

    @property
    def asks(self) -> bool:
        """Whether the secret has to be typed: where one is set it is asked for on this machine too."""
        return self.secret == "set"  # noqa: S105 - a state, no secret


def permission(settings: Settings, local: bool) -> Permission:
    """Look at the settings, the environment and, where uploads are switched on, the file readers."""
    secret = os.environ.get(SECRET, "")
    state = "none" if not secret else "set" if len(secret) >= LEAST_SECRET else "short"
    if not settings.admin.uploads:
        return Permission(False, local, state, False)
    confined, missing = _confinement()
    return Permission(True, local, state, confined, missing)


@cache
def _confinement() -> tuple[bool, tuple[str, str]]:
    from warehouse.intake import IntakeError, confinement

    try:
        found = confinement()
    except (IntakeError, OSError) as error:
        return False, (f"เปิดตัวอ่านไฟล์ไม่ได้: {error}", f"the file readers do not start: {error}")
    return found.uploads_allowed, (found.text("th"), found.text("en"))


def is_local(option: Callable[[str], object], headers: Mapping[str, str]) -> bool:
    """Whether only somebody at this machine can be asking.

    Parameters
    ----------
    option : callable
        ``streamlit.get_option``.
    headers : mapping
        Of the visitor's connection.
    """
    names = {str(h).lower() for h in _listed(option("server.allowedHosts"))}
    if str(option("server.address") or "").lower() not in LOCAL_NAMES or not names <= LOCAL_NAMES:
        return False
    lower = {name.lower(): value for name, value in headers.items()}
    host = re.sub(r":\d+$", "", lower.get("host", "localhost")).lower()
    return host in LOCAL_NAMES and not any(name in lower for name in _FORWARDED)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


class Tries:
    """Guesses of the secret: after a few wrong ones each is looked at late, and none is refused unlooked at.

    A count for each session stops nobody, because sessions cost nothing, and a lock for all would let any visitor keep the
    administrator out. What stands against guessing is the secret's length; the wait takes away the hurry.

    Parameters
    ----------
    clock : callable, optional
        Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: list[float] = []
        self._lock = threading.Lock()

    @property
    def wait(self) -> float:
        """Seconds to let pass before the next guess is looked at."""
        now = self._clock()
        with self._lock:
            recent = sum(now - t < TRIES_WITHIN_S for t in self._wrong)
        return SLOW_S if recent >= MOST_TRIES else 0.0

    def right(self, typed: str) -> bool:
        """Whether this is the secret."""
        secret = os.environ.get(SECRET, "")
        # Hashes are of one length, so that the time tells nothing of either.
        same = hmac.compare_digest(_digest(typed), _digest(secret)) and len(secret) >= LEAST_SECRET
        if not same:
            with self._lock:
                self._wrong = [*self._wrong, self._clock()][-MOST_TRIES:]
        return same


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


tries = Tries()


class Door:
    """The sessions that may send a file now."""

    def __init__(self) -> None:
        self._open: set[str] = set()
        self._lock = threading.Lock()

    def open(self, session: str, alive: Callable[[str], bool] = lambda _session: True) -> None:
        """Let a session send files, and forget those that have ended."""
        with self._lock:
            self._open = {s for s in self._open if alive(s)} | {session}

    @property
    def sessions(self) -> frozenset[str]:
        """Those it is open for."""
        with self._lock:
            return frozenset(self._open)

    def shut(self, session: str) -> None:
        with self._lock:
            self._open.discard(session)

    def lets(self, session: str) -> bool:
        with self._lock:
            return session in self._open


door = Door()


class UploadDoor:
    """Answers 403 to files from sessions that were not shown an uploader, before any of their bytes is read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            found = _ADDRESS.search(scope["path"])
            if found is not None and not door.lets(found[1]):
                refusal = PlainTextResponse(
                    "uploads are off",
                    status_code=403,
                    headers={"Cache-Control": "no-store", "Connection": "close"},
                )
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)
