"""Imports in a child that is killed: forks from a warm parent, so that a hundred kills take minutes.

Started by `test_kill` as ``python -m tests.faults.importer HOME EDITIONS ACKS LOG``. Each line on standard input asks
for one child, which imports one edition after the other by the command line and acknowledges each by a line on disk;
the answer says in which step it died. The steps are those the progress line knows: nothing of this is in the product.

A long step is killed from outside after a random time; a short one by the child itself, at a random line of the code
that keeps snapshots, because a stop-watch would hardly ever hit it.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

LONG = ("read", "merge", "derive", "write", "layers")
SHORT = ("sweep", "stage", "seal", "move", "point", "prune", "end")
PHASES = (*SHORT[:1], *LONG[:1], "stage", *LONG[1:], *SHORT[2:])
TRACED = ("snapshots.py", "journal.py")
"""The steps in their order; ``sweep`` is the start with its tidying up, ``end`` what follows the last step."""


class Watched:
    """The step a child is in, in memory that outlives it."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 16)

    def enter(self, phase: str) -> None:
        self.memory[0] = PHASES.index(phase)

    @property
    def phase(self) -> str:
        return PHASES[self.memory[0]]

    @property
    def armed(self) -> bool:
        return self.memory[1] == 1

    def arm(self, yes: bool) -> None:
        self.memory[1] = int(yes)


class Bomb:
    """Kills this process at the n-th line of `TRACED` after a step began; counts lines for others without one."""

    def __init__(self, watched: Watched, phase: str | None, line: int) -> None:
        self.watched, self.phase, self.left = watched, phase, line
        self.lines: Counter[str] = Counter()

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Any:
        return self.line if frame.f_code.co_filename.endswith(TRACED) else None

    def light(self) -> None:
        """Trace from here on, the functions under way included; tracing all of an import would double its time."""
        sys.settrace(self)
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename.endswith(TRACED):
                frame.f_trace = self.line
            frame = frame.f_back

    def line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            now = self.watched.phase
            self.lines[now] += 1
            if now == self.phase and self.watched.armed:
                self.left -= 1
                if self.left <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        return self.line


def main() -> None:
    home, editions, acks, log = map(Path, sys.argv[1:5])
    os.environ["DAOMAP_HOME"] = str(home)
    import warehouse.embedded
    import warehouse.intake
    import warehouse.publish
    import warehouse.query
    import warehouse.sources.tpmap  # noqa: F401
    from geo.codes import official_areas
    from warehouse import cli

    official_areas()
    folders = sorted(editions.iterdir())
    watched = Watched()
    times: dict[str, list[float]] = {}
    bombs: list[Bomb] = []

    class Progress(cli.Progress):
        def __call__(self, step: str, part: float) -> None:
            step = {"publish": "end"}.get(step, step)
            if step != watched.phase and step in PHASES:
                times.setdefault(step, []).append(time.monotonic())
                watched.enter(step)
                if bombs and bombs[0].phase == step and watched.armed:
                    bombs[0].light()

    cli.Progress = Progress  # type: ignore[misc]

    def run(number: int) -> None:
        watched.enter("sweep")
        times.setdefault("sweep", []).append(time.monotonic())
        if bombs and bombs[0].phase == "sweep" and watched.armed:
            bombs[0].light()
        folder = folders[number % len(folders)]
        code = cli.main(["--language", "en", "import", "tpmap", str(folder)])
        sys.stdout.flush()
        if code != 0:
            os._exit(3)
        snapshot = json.loads((home / "CURRENT").read_text())["snapshot"]
        with acks.open("a") as handle:
            handle.write(json.dumps({"edition": folder.name, "snapshot": snapshot, "number": number}) + "\n")
            handle.flush()
            os.fsync(handle.fileno())

    def child(ask: dict[str, Any]) -> None:
        signal.alarm(240)  # a child that hangs ends as one that was not killed, and the test says so
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        watched.arm(False)
        if ask["how"] == "count":
            bomb = Bomb(watched, None, 0)
            sys.settrace(bomb)
            run(ask["number"])
            sys.settrace(None)
            starts = sorted((at[-1], name) for name, at in times.items())
            ends = [at for at, _ in starts[1:]] + [time.monotonic()]
            spans = {name: end - at for (at, name), end in zip(starts, ends, strict=True)}
            (acks.parent / "measured.json").write_text(json.dumps({"lines": bomb.lines, "seconds": spans}))
            os._exit(0)
        if ask["how"] == "line":
            bombs.append(Bomb(watched, ask["phase"], ask["line"]))
        for turn in range(1000):
            watched.arm(turn >= ask["skip"])
            run(ask["number"] + turn)
        os._exit(4)

    print(json.dumps({"ready": len(list(Path("/proc/self/task").iterdir()))}), flush=True)
    for line in sys.stdin:
        ask = json.loads(line)
        watched.arm(False)
        watched.enter("end")
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                child(ask)
            os._exit(5)
        if ask["how"] == "time":
            deadline = time.monotonic() + 60
            while not (watched.armed and watched.phase == ask["phase"]) and time.monotonic() < deadline:
                time.sleep(0.0005)
                if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    break
            time.sleep(ask["wait"])
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps({"killed": killed, "status": status, "phase": watched.phase}), flush=True)


if __name__ == "__main__":
    main()
