"""Warm reruns of every page at every level: script time, time to the last message, websocket bytes.

Compared with the budget of the project (script p95 at most 150 ms), and, as the named peer in the same run,
with an empty Streamlit app (one ``st.title``) rerun the same way: what no page can be faster than.

A rerun here is a real one: a websocket client asks a real server, and the view changes between reruns the way
a person changes it (the indicator on the map page, the peers on the overview). The script time is what the
server itself reports; ``answer`` is what the client waited for until it was told that the script had ended.
``first`` is the script time of the first visit of a view, before anything of it was kept.

    python -m bench.rerun [--times 30] [--page KEY] [--case WORDS] [--parts]
    python -m bench.rerun --profile KEY --case WORDS        where one view's warm rerun spends its time
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import home
from bench.client import Run, Tab, script_times
from bench.machine import facts, percentile, size, table
from bench.plain_app import plain_server
from tests.browser.conftest import start_server, stop_server
from ui.registry import PAGES

BUDGET = 0.150
WARM_UP = 6

CASES: dict[str, dict[str, str]] = {
    "country": {"area": "TH"},
    "country, subdistricts": {"area": "TH", "show": "subdistrict"},
    "province": {"area": "50"},
    "province, subdistricts": {"area": "50", "show": "subdistrict"},
    "district": {"area": "5001"},
    "subdistrict": {"area": "500101"},
}
# What a person changes on a page; a page without an entry is asked for the same view again.
CHANGES: dict[str, tuple[dict[str, str], ...]] = {
    "urgent": ({"first": "rate"}, {"first": "count"}, {"first": "several"}),
    "home": ({"role": "planner"}, {"role": "governor"}),
    "help": ({"topic": "term-m0"}, {"topic": "method-alkire_foster"}, {"topic": "page-overview"}),
    "overview": ({"peers": "country"}, {"peers": "parent"}),
    "compare": ({"ind": "target_poor_rate"}, {"ind": "mpi_poor_rate"}),
    "trend": ({"ind": "target_poor_rate"}, {"ind": "surveyed_persons"}),
    "poverty_map": ({"ind": "target_poor_rate"}, {"ind": "mpi_poor_rate"}, {"ind": "target_poor"}),
}


def views(page: str, case: str) -> Iterator[dict[str, str]]:
    """Address parameters of one rerun after the other, without end."""
    changes = CHANGES.get(page, ({},))
    while True:
        for change in changes:
            yield {"lang": "th"} | CASES[case] | change


@dataclass(frozen=True, slots=True)
class Result:
    """Warm reruns of one view.

    Attributes
    ----------
    page, case : str
    first : float
        Script seconds of the first visit.
    runs : list of Run
    parts : dict
        Bytes of the last rerun by kind of message or element.
    """

    page: str
    case: str
    first: float
    runs: list[Run]
    parts: dict[str, int]

    def script(self, part: float) -> float:
        """Script seconds that this part of the reruns stays within."""
        return percentile([run.script or run.seconds for run in self.runs], part)

    def row(self, floor: float) -> list[str]:
        p50, p95 = self.script(0.5), self.script(0.95)
        return [
            self.page,
            self.case,
            f"{1000 * self.first:.0f}",
            f"{1000 * p50:.0f}",
            f"{1000 * p95:.0f}",
            f"{1000 * percentile([r.seconds for r in self.runs], 0.5):.0f}",
            size(percentile([r.size for r in self.runs], 0.5)),
            f"{p50 / floor:.1f} x",
            "yes" if p95 <= BUDGET else f"no ({p95 / BUDGET:.2f} x)",
        ]


HEADING = (
    "page",
    "view",
    "first ms",
    "script p50 ms",
    "script p95 ms",
    "answer p50 ms",
    "websocket",
    "to empty app",
    f"p95 <= {1000 * BUDGET:.0f} ms",
)


def measure(tab: Tab, page: str, case: str, times: int) -> Result:
    """Rerun one view `times` times after `WARM_UP` unmeasured ones."""
    asked = views(page, case)
    first = tab.run(**next(asked))
    for _ in range(WARM_UP - 1):
        tab.run(**next(asked))
    runs = [tab.run(**next(asked)) for _ in range(times)]
    return Result(page, case, first.script or first.seconds, runs, dict(tab.parts))


def main() -> None:
    options = _options()
    data = home.everything()
    if options.profile:
        profile(data, options.profile, options.case or "country")
        return
    print(facts())
    chosen = [p.key for p in PAGES if options.page in (None, p.key)]
    cases = [c for c in CASES if options.case in (None, c)]
    with script_times(), plain_server() as url, Tab(url) as tab:
        for _ in range(WARM_UP):
            tab.run()
        floor = percentile([tab.run().script or 0.0 for _ in range(options.times)], 0.5)
    server = start_server(data, module="bench.timed")
    results = []
    try:
        for page in chosen:
            # The first page has no address of its own.
            with Tab(server.url, "" if page == PAGES[0].key else page) as tab:
                results += [measure(tab, page, case, options.times) for case in cases]
    finally:
        stop_server(server)
    print(f"empty Streamlit app: script p50 {1000 * floor:.1f} ms")
    print(table(HEADING, [r.row(floor) for r in results]))
    if options.parts:
        for r in results:
            largest = sorted(r.parts.items(), key=lambda item: -item[1])
            print(f"{r.page}, {r.case}: " + ", ".join(f"{name} {size(n)}" for name, n in largest[:12]))


# -- where the time goes ----------------------------------------------------


def profile(data: Path, page: str, case: str, times: int = 10) -> None:
    """Profile warm reruns inside this process and print the dearest calls, per rerun."""
    os.environ["DAOMAP_HOME"] = str(data)
    from streamlit.runtime.scriptrunner import script_runner
    from streamlit.testing.v1 import AppTest

    tool = cProfile.Profile()
    real: Callable[..., Any] = script_runner.exec_func_with_error_handling
    on = False

    def watched(*arguments: Any) -> Any:
        return tool.runcall(real, *arguments) if on else real(*arguments)

    script_runner.exec_func_with_error_handling = watched
    at = AppTest.from_file(PAGES[0].path.parent.parent / "ui" / "shell.py", default_timeout=60)
    asked = views(page, case)

    def rerun() -> None:
        for name, value in next(asked).items():
            at.query_params[name] = value
        at.run()
        if at.exception:
            raise RuntimeError(str(at.exception[0].message))

    rerun()
    if page != PAGES[0].key:
        at.switch_page(next(str(p.path) for p in PAGES if p.key == page))
    for _ in range(WARM_UP):
        rerun()
    on = True
    for _ in range(times):
        rerun()
    stats = pstats.Stats(tool, stream=sys.stdout)
    print(f"{page}, {case}: {1000 * stats.total_tt / times:.0f} ms a rerun under the profiler")  # type: ignore[attr-defined]
    root = str(PAGES[0].path.parent.parent)
    ours, all_calls = [], []
    for (file, line, name), (_, calls, own, whole, _callers) in stats.stats.items():  # type: ignore[attr-defined]
        place = f"{Path(file).name}:{line} {name}"
        entry = (1000 * whole / times, 1000 * own / times, calls / times, place)
        all_calls.append(entry)
        if file.startswith(root) and ".venv" not in file:
            ours.append((*entry[:3], f"{Path(file).relative_to(root)}:{line} {name}"))
    for title, entries in (
        ("our own calls", ours),
        ("all calls with more than 2 ms below them", [e for e in all_calls if e[0] > 2]),
    ):
        print(f"\n{title} (ms a rerun with what they call, ms of their own, calls a rerun)")
        for whole, own, calls, place in sorted(entries, reverse=True)[:45]:
            print(f"{whole:8.1f} {own:8.1f} {calls:8.0f}  {place}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--parts", action="store_true", help="print what the last rerun's bytes were")
    parser.add_argument("--page", choices=[p.key for p in PAGES])
    parser.add_argument("--case", choices=list(CASES))
    parser.add_argument("--profile", choices=[p.key for p in PAGES])
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except home.Skipped as reason:
        sys.exit(f"skipped: {reason}")
