"""Write the table of malformed files, or the files themselves.

``python -m tests.malformed.make`` writes ``docs/malformed.md``; with a folder as its argument it writes the whole corpus
there instead, to look at. The files come from a seed, so they are made when a test needs them and not kept.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.malformed import (  # noqa: F401  (they fill the corpus)
    books,
    columns,
    grids,
    hamlets,
    lights,
    maps,
    points,
    tables,
    youth,
)
from tests.malformed.cases import CASES, Case

TARGET = Path(__file__).resolve().parents[2] / "docs" / "malformed.md"

_INTRO = """\
# Malformed files and what becomes of them

Written by `python -m tests.malformed.make` from the corpus in `tests/malformed/`. Edit that, not this page.

Every file is made from a seed, opened by the importer or reader named, in a worker as in use, and has to get the verdict of
the table: *reject*, nothing is published; *repair*, accepted with a warning or a counted repair; *accept*. A rejection names
the file, the row and column where there is one, what was found, what was expected and how to mend it, in Thai and English.
What is accepted has the numbers of the sound file, one by one. `python -m tests.malformed.make FOLDER` writes the files to
look at.
"""

_NO_HOUSEHOLDS = "no importer takes data of households or persons"
_STATISTICS = "no fault of a file: statistics of areas weigh cells by the share an area covers (`tests/analytics/test_lights.py`)"
WITHOUT_FILE = {
    49: _NO_HOUSEHOLDS,
    50: _NO_HOUSEHOLDS,
    114: _STATISTICS,
    115: _STATISTICS,
}


def classes() -> dict[int, list[Case]]:
    """The corpus by class of fault."""
    found: dict[int, list[Case]] = {}
    for case in sorted(CASES.values(), key=lambda c: (c.number, c.reader, c.name)):
        found.setdefault(case.number, []).append(case)
    return found


def page() -> str:
    """The text of ``docs/malformed.md``."""
    by_class = classes()
    files = sum(map(len, by_class.values()))
    verdicts = [case.verdict for case in CASES.values()]
    lines = [
        _INTRO,
        f"{files} files of {len(by_class)} classes: {verdicts.count('reject')} reject, {verdicts.count('repair')} repair, "
        f"{verdicts.count('accept')} accept.\n",
        "| class | file | fault | read by | verdict | finding or repair |",
        "|---|---|---|---|---|---|",
    ]
    for number, cases in by_class.items():
        for case in cases:
            what = case.what.replace("|", "\\|")
            code = f"`{case.code}`" if case.code else ""
            lines.append(f"| {number} | `{case.name}` | {what} | {case.reader} | {case.verdict} | {code} |")
    lines += ["", "## Classes without a file", "", "| class | why |", "|---|---|"]
    lines += [f"| {number} | {why} |" for number, why in sorted(WITHOUT_FILE.items())]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Write the page, or the files into the folder named."""
    if arguments:
        for name, case in CASES.items():
            case.write(Path(arguments[0]) / name)
        return
    TARGET.write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
