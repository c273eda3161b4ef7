"""Other Streamlit apps to measure against, started from a temporary folder: the peers of these benchmarks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EMPTY = 'import streamlit as st\n\nst.title("empty")\n'


@dataclass(frozen=True, slots=True)
class Plain:
    """A running peer."""

    url: str
    pid: int


@contextmanager
def plain_process(script: str = EMPTY, *arguments: str) -> Iterator[Plain]:
    """Run a script under ``streamlit run`` until the block ends.

    Parameters
    ----------
    script : str
        Source of the app.
    arguments : str
        More options of ``streamlit run``.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        app = Path(folder) / "peer.py"
        app.write_text(script, encoding="utf-8")
        fixed = ("--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true")
        quiet = ("--server.fileWatcherType", "none", "--server.showEmailPrompt", "false")
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(app), *fixed, *quiet, *arguments],
            cwd=folder,
            env={
                "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
                "STREAMLIT_BROWSER_SERVER_ADDRESS": "127.0.0.1",
            }
            | os.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url, process)
            yield Plain(url, process.pid)
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def plain_server(script: str = EMPTY, *arguments: str) -> Iterator[str]:
    """As `plain_process`, for those who want the address only."""
    with plain_process(script, *arguments) as peer:
        yield peer.url


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
        if process.poll() is not None:
            raise RuntimeError("the peer's server ended")
    raise RuntimeError("the peer's server did not answer within 30 seconds")
