"""Memory of the server with open sessions, and the time from ``daomap serve`` to the first page.

Compared with the budgets (1 GB with 20 sessions, 5 s to the first page) and, as the named peer in the same run,
with an empty Streamlit app under the same sessions. A session is a websocket client that has opened a page and
rerun it; each looks at another area. Memory is the sum of resident bytes of the command, of Streamlit below it
and of whatever they start.

    python -m bench.sessions [--sessions 20] [--starts 3]
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from bench import home
from bench.client import Run, Tab
from bench.machine import facts, percentile, size, table, tree_rss
from bench.plain_app import plain_process
from tests.browser.conftest import start_server, stop_server
from ui.registry import PAGES

MEMORY, START = 1e9, 5.0
AREAS = ("TH", "50", "5001", "500101", "30", "3001", "80", "57", "55", "90")


def places(count: int) -> list[tuple[str, dict[str, str]]]:
    """Page and address parameters of each session: every page in turn, another area each time, a third in English."""
    pages = ["", *(p.key for p in PAGES[1:])]
    found = []
    for number, area in enumerate(islice(cycle(AREAS), count)):
        query = {"area": area, "lang": "en" if number % 3 == 2 else "th"}
        if area in ("TH", "50", "30") and number % 2:
            query["show"] = "subdistrict"
        found.append((pages[number % len(pages)], query))
    return found


@dataclass
class Memory:
    """Resident bytes of a server after each step."""

    started: int = 0
    one: int = 0
    many: int = 0
    busy: int = 0
    answers: list[Run] | None = None


def load(url: str, pid: int, sessions: list[tuple[str, dict[str, str]]]) -> Memory:
    """Open one session, then all; then let all rerun at the same time, three times."""
    found = Memory(started=tree_rss(pid))
    tabs: list[Tab] = []
    try:
        for page, query in sessions:
            tab = Tab(url, page)
            tabs.append(tab)
            tab.run(**query)
            tab.run(**query)
            if len(tabs) == 1:
                found.one = tree_rss(pid)
        found.many = tree_rss(pid)

        def thrice(number: int) -> list[Run]:
            return [tabs[number].run(**sessions[number][1]) for _ in range(3)]

        with ThreadPoolExecutor(len(tabs)) as pool:
            found.answers = [run for runs in pool.map(thrice, range(len(tabs))) for run in runs]
        found.busy = tree_rss(pid)
    finally:
        for tab in tabs:
            tab.close()
    return found


def start_times(data: Path, times: int) -> list[float]:
    """Seconds from starting ``daomap serve`` to the end of the first page's first run."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        server = start_server(data)
        try:
            with Tab(server.url) as tab:
                tab.run(lang="th")
            taken.append(time.perf_counter() - started)
        finally:
            stop_server(server)
    return taken


def peer_start_times(times: int) -> list[float]:
    """The same for an empty Streamlit app."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        with plain_process() as peer, Tab(peer.url) as tab:
            tab.run()
            taken.append(time.perf_counter() - started)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--starts", type=int, default=3)
    options = parser.parse_args()
    data = home.everything()
    print(facts())
    sessions = places(options.sessions)
    with plain_process() as peer:
        empty = load(peer.url, peer.pid, [("", {}) for _ in sessions])
    server = start_server(data)
    try:
        ours = load(server.url, server.process.pid, sessions)
    finally:
        stop_server(server)
    heading = (
        "server",
        "no session",
        "1 session",
        f"{options.sessions} sessions",
        "all rerun at once",
        "answer p95 then s",
    )
    rows = []
    for name, found in (("empty Streamlit app", empty), ("ours", ours)):
        steps = (found.started, found.one, found.many, found.busy)
        texts = [size(step) for step in steps]
        if found is ours:
            texts = [
                f"{size(step)} ({step / base:.1f} x)"
                for step, base in zip(steps, (empty.started, empty.one, empty.many, empty.busy), strict=True)
            ]
        rows.append([name, *texts, f"{percentile([r.seconds for r in found.answers or []], 0.95):.2f}"])
    print(table(heading, rows))
    highest = max(ours.many, ours.busy)
    print(f"budget {size(MEMORY)}: {'met' if highest <= MEMORY else 'NOT met'} ({highest / MEMORY:.2f})")
    mine, its = start_times(data, options.starts), peer_start_times(options.starts)
    middle = percentile(mine, 0.5)
    print(
        f"start to first page: ours {middle:.1f} s ({', '.join(f'{t:.1f}' for t in mine)}), empty Streamlit app "
        f"{percentile(its, 0.5):.1f} s ({middle / percentile(its, 0.5):.1f} x); budget {START:.0f} s: "
        f"{'met' if middle <= START else 'NOT met'}"
    )


if __name__ == "__main__":
    try:
        main()
    except home.Skipped as reason:
        sys.exit(f"skipped: {reason}")
