"""A browser tab without the browser: speaks Streamlit's websocket protocol and counts what comes back.

The server reports its own script time when usage statistics are on (`script_times` for peers, `bench.timed` for ours); nothing
leaves the machine, because it is the web page that would pass the report on and there is none here. The report itself is
not counted as traffic.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect as async_connect
from websockets.sync.client import connect

_STATISTICS = "STREAMLIT_BROWSER_GATHER_USAGE_STATS"
_MESSAGE_AGE = 2  # script runs a browser keeps a large message it has not been sent again


def _part(message: ForwardMsg) -> str:
    """What a message carries: its kind, or of a new element its kind."""
    kind = message.WhichOneof("type") or "?"
    if kind != "delta":
        return kind
    delta = message.delta.WhichOneof("type") or "?"
    return (message.delta.new_element.WhichOneof("type") or "?") if delta == "new_element" else delta


@contextmanager
def script_times() -> Iterator[None]:
    """Plain servers started inside report how long each script ran; ours refuses to start that way (`bench.timed`)."""
    before = os.environ.get(_STATISTICS)
    os.environ[_STATISTICS] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_STATISTICS]
        else:
            os.environ[_STATISTICS] = before


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the script as a tab sees it.

    Attributes
    ----------
    size : int
        Bytes of the messages received.
    seconds : float
        From the request until the script's end was told.
    script : float or None
        Seconds the server's script ran, where the server reports it.
    messages : int
    """

    size: int
    seconds: float
    script: float | None
    messages: int


class _Protocol:
    """What a tab says and how it counts the answer, whatever carries the bytes."""

    def __init__(self, page: str = "") -> None:
        self._page = page
        self._hash = ""
        self._ages: dict[str, int] = {}
        self.parts: Counter[str] = Counter()
        """Bytes of the last run by kind of message or element."""

    def _ask(self, query: dict[str, str]) -> bytes:
        """The request for a run."""
        ask = BackMsg()
        state = ask.rerun_script
        state.query_string = urlencode(query)
        state.page_script_hash = self._hash
        state.page_name = "" if self._hash else self._page
        state.cached_message_hashes.extend(self._ages)
        state.context_info.timezone = "Asia/Bangkok"
        state.context_info.locale = "th-TH"
        self.parts.clear()
        self._started = time.perf_counter()
        self._total = self._messages = 0
        self._script: float | None = None
        self._seen: set[str] = set()
        return ask.SerializeToString()

    def _take(self, raw: bytes | str) -> Run | None:
        """Count one message; the run when it was the last one."""
        message = ForwardMsg()
        message.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
        kind = message.WhichOneof("type")
        if kind == "page_profile":
            self._script = message.page_profile.exec_time / 1e6
            return None
        self._total += len(raw)
        self._messages += 1
        self.parts[_part(message)] += len(raw)
        if kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "ref_hash":
            self._seen.add(message.ref_hash)
        elif kind == "delta":
            if message.metadata.cacheable:
                self._seen.add(message.hash)
            element = message.delta.new_element
            shown = element.WhichOneof("type")
            if shown == "exception":
                raise RuntimeError(f"the page failed: {element.exception.message}")
            if shown == "alert" and element.alert.format == Alert.ERROR:
                raise RuntimeError(f"the page failed: {element.alert.body}")
        elif kind == "page_not_found":
            raise RuntimeError(f"no page {self._page!r}")
        elif kind == "script_finished":
            seconds = time.perf_counter() - self._started
            self._ages = dict.fromkeys(self._seen, 0) | {
                key: age + 1
                for key, age in self._ages.items()
                if key not in self._seen and age + 1 < _MESSAGE_AGE
            }
            return Run(self._total, seconds, self._script, self._messages)
        return None


def _stream(url: str) -> str:
    return url.replace("http", "ws", 1) + "/_stcore/stream"


class Tab(_Protocol):
    """One session of a running dashboard.

    Parameters
    ----------
    url : str
        ``http://127.0.0.1:8501``.
    page : str
        Address of the page (``poverty_map``); empty for the first one.
    """

    def __init__(self, url: str, page: str = "") -> None:
        super().__init__(page)
        self._socket = connect(
            _stream(url),
            subprotocols=["streamlit"],  # type: ignore[list-item]
            compression=None,
            max_size=None,
        )

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def run(self, timeout: float = 120.0, **query: str) -> Run:
        """Run the page's script with these address parameters and wait for its end."""
        self._socket.send(self._ask(query))
        while True:
            found = self._take(self._socket.recv(timeout=timeout))
            if found is not None:
                return found


class AsyncTab(_Protocol):
    """The same for hundreds of tabs in one thread: `AsyncTab.open` makes one."""

    def __init__(self, url: str, page: str = "") -> None:
        super().__init__(page)
        self._url = url

    @classmethod
    async def open(cls, url: str, page: str = "") -> AsyncTab:
        """Connect, as `Tab` does."""
        tab = cls(url, page)
        await tab.reopen()
        return tab

    async def reopen(self) -> None:
        """Connect again, as a new session of the same page; nothing is held that the old one sent."""
        self._ages.clear()
        self._socket = await async_connect(
            _stream(self._url),
            subprotocols=["streamlit"],  # type: ignore[list-item]
            compression=None,
            max_size=None,
            open_timeout=60,
        )

    async def close(self) -> None:
        await self._socket.close()

    async def run(self, timeout: float = 120.0, **query: str) -> Run:
        """Run the page's script with these address parameters and wait for its end."""
        await self._socket.send(self._ask(query))
        async with asyncio.timeout(timeout):
            while True:
                found = self._take(await self._socket.recv())
                if found is not None:
                    return found
