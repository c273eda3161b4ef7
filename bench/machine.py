"""What a figure depends on: the machine, its memory and the versions, and how results are printed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version

import psutil

MB = 1e6


def chromium_version() -> str:
    """First words of ``chromium --version``, or "none"."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        return "none"
    text = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(text.split()[:2]) or "unknown"


def facts() -> str:
    """One line about this machine."""
    return (
        f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB memory, software GL, "
        f"{chromium_version()}, Python {platform.python_version()}, Streamlit {version('streamlit')}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def percentile(values: Sequence[float], part: float) -> float:
    """Smallest of the values that at least this part of them does not exceed.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 0.5)
    2.0
    >>> percentile([1.0, 2.0, 3.0], 0.95)
    3.0
    """
    ordered = sorted(values)
    place = max(0, -(-round(part * len(ordered) * 1e9) // 10**9) - 1)
    return ordered[place]


def size(amount: float) -> str:
    """Bytes as a person reads them.

    >>> size(1650), size(26_600_000)
    ('1.6 KB', '26.6 MB')
    """
    return f"{amount / MB:.1f} MB" if amount >= MB else f"{amount / 1e3:.1f} KB"


def table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table.

    >>> print(table(["what", "s"], [["ours", 1]]))
    | what | s |
    |---|---|
    | ours | 1 |
    """
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def tree_rss(pid: int) -> int:
    """Resident bytes of a process and all below it; pages they share are counted once for each."""
    total = 0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
