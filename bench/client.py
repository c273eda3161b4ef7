"""A browser tab without the browser: speaks Streamlit's websocket protocol and counts what comes back.

The server reports its own script time when usage statistics are on (`script_times` for peers, `bench.timed` for ours); nothing
leaves the machine, because it is the web page that would pass the report on and there is none here. The report itself is
not counted as traffic.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
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


class Tab:
    """One session of a running dashboard.

    Parameters
    ----------
    url : str
        ``http://127.0.0.1:8501``.
    page : str
        Address of the page (``poverty_map``); empty for the first one.
    """

    def __init__(self, url: str, page: str = "") -> None:
        self._page = page
        self._hash = ""
        self._ages: dict[str, int] = {}
        self.parts: Counter[str] = Counter()
        """Bytes of the last run by kind of message or element."""
        self._socket = connect(
            url.replace("http", "ws", 1) + "/_stcore/stream",
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
        ask = BackMsg()
        state = ask.rerun_script
        state.query_string = urlencode(query)
        state.page_script_hash = self._hash
        state.page_name = "" if self._hash else self._page
        state.cached_message_hashes.extend(self._ages)
        state.context_info.timezone = "Asia/Bangkok"
        state.context_info.locale = "th-TH"
        started = time.perf_counter()
        self._socket.send(ask.SerializeToString())
        total = messages = 0
        self.parts.clear()
        script: float | None = None
        seen: set[str] = set()
        while True:
            raw = self._socket.recv(timeout=timeout)
            message = ForwardMsg()
            message.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
            kind = message.WhichOneof("type")
            if kind == "page_profile":
                script = message.page_profile.exec_time / 1e6
                continue
            total += len(raw)
            messages += 1
            self.parts[_part(message)] += len(raw)
            if kind == "navigation":
                self._hash = message.navigation.page_script_hash
            elif kind == "ref_hash":
                seen.add(message.ref_hash)
            elif kind == "delta":
                if message.metadata.cacheable:
                    seen.add(message.hash)
                if message.delta.new_element.WhichOneof("type") == "exception":
                    raise RuntimeError(f"the page failed: {message.delta.new_element.exception.message}")
            elif kind == "page_not_found":
                raise RuntimeError(f"no page {self._page!r}")
            elif kind == "script_finished":
                seconds = time.perf_counter() - started
                break
        self._ages = dict.fromkeys(seen, 0) | {
            key: age + 1 for key, age in self._ages.items() if key not in seen and age + 1 < _MESSAGE_AGE
        }
        return Run(total, seconds, script, messages)
