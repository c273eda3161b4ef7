"""Many people at once: reruns of tabs that think in between, over several processes, and what they cost.

A person is a websocket client that opens a page, then changes something every 10 to 20 seconds: the area, the indicator, the
peers, the language. People are dealt to the processes in turn and stay there, as the proxy of docs/deploy.md keeps them. Printed
are the time from the request to the end of the script (p50, p95, largest), bytes a rerun, errors, and the resident memory of
each process over time. Goals: p95 at most 1.0 s with 100 people on two processes, at most 50 KB a rerun, no error, memory
within 5 % after the first fifth of the time.

    python -m bench.load --users 25 --minutes 2
    python -m bench.load --users 100 --minutes 30     the long run, on an idle machine
    python -m bench.load --users 100 --storm          all reconnect within two seconds, at the end

The real data are used where they are, else the shipped figures. Think time belongs to a number of people: always quote both.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import home
from bench.client import AsyncTab, Run
from bench.machine import facts, percentile, size, table, tree_rss
from tests.browser.conftest import Server, command, start_server, stop_server
from ui.registry import PAGES

P95, BYTES, DRIFT = 1.0, 50_000, 0.05
STORM_SECONDS = 10.0
AREAS = ("TH", "TH", "50", "5001", "500101", "30", "3001", "80", "57", "55", "90", "95")
INDICATORS = (
    "stars",
    "target_poor_rate",
    "mpi_poor_rate",
    "target_poor",
    "target_income_rate",
    "target_health_rate",
)


def journey(seed: int, page: str) -> Iterator[dict[str, str]]:
    """What one person asks for, one rerun after the other, without end; the same for the same seed."""
    dice = random.Random(seed)
    view = {"area": dice.choice(AREAS), "lang": "en" if dice.random() < 0.25 else "th"}
    while True:
        yield dict(view)
        step = dice.random()
        if step < 0.45:
            view["area"] = dice.choice(AREAS)
            view.pop("show", None)
        elif page == "poverty_map" and step < 0.85:
            view["ind"] = dice.choice(INDICATORS)
        elif step < 0.85:
            view["peers"] = dice.choice(("country", "parent"))
        elif step < 0.95 and view["area"] in ("TH", "50", "30"):
            view["show"] = dice.choice(("district", "subdistrict"))
        else:
            view["lang"] = "en" if view["lang"] == "th" else "th"


@dataclass
class Loaded:
    """What a load showed.

    Attributes
    ----------
    first, runs : list of Run
        First visits, and the reruns after them.
    errors : list of str
    memory : list of tuple
        Seconds since the start, and the resident bytes of each process.
    storm : list of float
        Seconds each tab needed to be served after all had been cut off.
    """

    first: list[Run] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, tuple[int, ...]]] = field(default_factory=list)
    storm: list[float] = field(default_factory=list)

    def drift(self) -> list[float]:
        """Largest distance of each process's memory from its median, after the first fifth of the time; 0.04 is 4 %."""
        if not self.memory:
            return []
        end = self.memory[-1][0]
        late = [sizes for when, sizes in self.memory if when >= end / 5]
        out = []
        for sizes in zip(*late, strict=True):
            middle = percentile(sizes, 0.5)
            out.append(max(abs(s - middle) / middle for s in sizes) if middle else 0.0)
        return out


async def person(
    url: str, number: int, until: float, think: tuple[float, float], found: Loaded, tabs: list[AsyncTab]
) -> None:
    """One person, from a first visit at a moment of their own until the time is over."""
    dice = random.Random(1000 + number)
    page = PAGES[number % len(PAGES)].key
    steps = journey(number, page)
    address = "" if page == PAGES[0].key else page
    await asyncio.sleep(dice.uniform(0, min(think[1], max(0.0, until - time.monotonic()) / 3)))
    try:
        tab = await AsyncTab.open(url, address)
        tabs.append(tab)
        found.first.append(await tab.run(**next(steps)))
        while time.monotonic() < until:
            await asyncio.sleep(dice.uniform(*think))
            found.runs.append(await tab.run(**next(steps)))
    except Exception as error:
        found.errors.append(f"person {number}: {type(error).__name__}: {error}")


async def watch(servers: Sequence[Server], until: float, every: float, found: Loaded) -> None:
    """Note the memory of every process now and then."""
    began = time.monotonic()
    while True:
        sizes = tuple(tree_rss(s.process.pid) for s in servers)
        found.memory.append((time.monotonic() - began, sizes))
        left = until - time.monotonic()
        if left <= 0:
            return
        await asyncio.sleep(min(every, left))


async def storm(tabs: Sequence[AsyncTab], found: Loaded) -> None:
    """Cut every tab off and let all come back within two seconds, as after a break in the network."""
    for tab in tabs:
        await tab.close()

    async def back(tab: AsyncTab, wait: float) -> None:
        await asyncio.sleep(wait)
        began = time.perf_counter()
        try:
            await tab.reopen()
            await tab.run(area="TH", lang="th")
            found.storm.append(time.perf_counter() - began)
        except Exception as error:
            found.errors.append(f"storm: {type(error).__name__}: {error}")

    await asyncio.gather(*(back(tab, 2.0 * n / max(1, len(tabs))) for n, tab in enumerate(tabs)))


async def load(
    servers: Sequence[Server],
    users: int,
    seconds: float,
    *,
    think: tuple[float, float] = (10.0, 20.0),
    reconnect: bool = False,
) -> Loaded:
    """Let people work on servers for a time.

    Parameters
    ----------
    think : tuple of float
        Seconds between an answer and the next request, evenly spread.
    reconnect : bool
        Cut all off and let them come back at the end.
    """
    found = Loaded()
    tabs: list[AsyncTab] = []
    until = time.monotonic() + seconds
    every = max(1.0, min(15.0, seconds / 40))
    people = [person(servers[n % len(servers)].url, n, until, think, found, tabs) for n in range(users)]
    await asyncio.gather(watch(servers, until, every, found), *people)
    if reconnect:
        await storm(tabs, found)
    for tab in tabs:
        await tab.close()
    return found


def verdicts(found: Loaded) -> list[tuple[str, str, str, bool]]:
    """Every goal with what was measured and whether it was met."""
    p95 = percentile([r.seconds for r in found.runs], 0.95) if found.runs else float("inf")
    largest = max((r.size for r in found.runs), default=0)
    rows = [
        ("reruns p95", f"{P95:.1f} s", f"{p95:.2f} s", p95 <= P95),
        ("largest rerun", size(BYTES), size(largest), bool(found.runs) and largest <= BYTES),
        ("errors", "0", str(len(found.errors)), not found.errors),
    ]
    for number, drift in enumerate(found.drift()):
        rows.append((f"memory of process {number + 1}", f"±{DRIFT:.0%}", f"±{drift:.1%}", drift <= DRIFT))
    if found.storm:
        slowest = max(found.storm)
        rows.append(
            ("all back after a cut", f"{STORM_SECONDS:.0f} s", f"{slowest:.1f} s", slowest <= STORM_SECONDS)
        )
    return rows


def report(found: Loaded, users: int, think: tuple[float, float], seconds: float) -> str:
    """The tables that are printed."""
    lines = []
    rows = []
    for name, runs in (("first visits", found.first), ("reruns", found.runs)):
        if runs:
            taken, sizes = [r.seconds for r in runs], [r.size for r in runs]
            rows.append(
                [
                    name, len(runs), *(f"{percentile(taken, p):.2f}" for p in (0.5, 0.95)), f"{max(taken):.2f}",
                    size(percentile(sizes, 0.5)), size(max(sizes)),
                ]
            )  # fmt: skip
    lines.append(f"{users} people, think time {think[0]:.0f}-{think[1]:.0f} s, {seconds / 60:.1f} minutes")
    lines.append(table(("what", "n", "p50 s", "p95 s", "max s", "bytes p50", "bytes max"), rows))
    step = max(1, len(found.memory) // 12)
    lines.append(
        table(
            ("minute", *(f"process {n + 1}" for n in range(len(found.memory[0][1])))),
            [[f"{when / 60:.1f}", *map(size, sizes)] for when, sizes in found.memory[::step]],
        )
    )
    lines.append(
        table(
            ("goal", "at most", "measured", "met"),
            [[a, b, c, "yes" if met else "NO"] for a, b, c, met in verdicts(found)],
        )
    )
    lines += found.errors[:10]
    return "\n\n".join(lines)


def data_home(scratch: Path) -> Path:
    """The home with the real data, else the shipped figures in a folder of their own."""
    try:
        return home.everything()
    except home.Skipped as reason:
        print(f"shipped figures only: {reason}", file=sys.stderr)
        done = command(scratch, "build")
        if done.returncode != 0:
            raise home.Skipped(done.stderr[-2000:]) from reason
        return scratch


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--users", type=int, default=25)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--think", type=float, nargs=2, default=(10.0, 20.0), metavar=("FROM", "TO"))
    parser.add_argument("--storm", action="store_true")
    parser.add_argument(
        "--embedded", action="store_true", help="the shipped figures even where the real ones are"
    )
    options = parser.parse_args()
    think = (options.think[0], options.think[1])
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "home"
        if options.embedded:
            command(scratch, "build")
        data = scratch if options.embedded else data_home(scratch)
        print(facts(), flush=True)
        servers = []
        try:
            servers = [start_server(data) for _ in range(options.processes)]
            time.sleep(10)  # what a server loads at leisure after its start is no part of a load
            seconds = 60 * options.minutes
            found = asyncio.run(load(servers, options.users, seconds, think=think, reconnect=options.storm))
        finally:
            for server in servers:
                stop_server(server)
    print(report(found, options.users, think, seconds))
    return 0 if all(met for *_, met in verdicts(found)) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except home.Skipped as reason:
        sys.exit(f"skipped: {reason}")
