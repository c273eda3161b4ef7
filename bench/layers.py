"""Sizes of the published map layers as they travel (gzipped), by level, reach and theme.

Compared with the budget of 0.6 MB for a layer of all subdistricts of the country.

    python -m bench.layers
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from bench import home
from bench.machine import facts, size, table

BUDGET = 600_000
_PART = re.compile(r"(_\d+)?-\d{4}$")

Key = tuple[str, str, str]


def sizes(layers: Path) -> dict[Key, list[int]]:
    """File sizes by level, reach ("country" or "one province") and theme."""
    found: dict[Key, list[int]] = {}
    for file in sorted(layers.glob("*/*/*.geojson.gz")):
        level, parent = file.parts[-3:-1]
        theme = _PART.sub("", file.name.removesuffix(".geojson.gz"))
        key = (level, "country" if parent == "TH" else "one province", theme)
        found.setdefault(key, []).append(file.stat().st_size)
    return found


def rows(found: dict[Key, list[int]]) -> Iterable[list[str]]:
    """A table's rows, largest first."""
    for (level, reach, theme), many in sorted(found.items(), key=lambda item: -max(item[1])):
        yield [
            level,
            reach,
            theme,
            str(len(many)),
            size(min(many)),
            size(median(many)),
            size(max(many)),
        ]


def main() -> None:
    found = sizes(home.current(home.everything()).path / "layers")
    print(facts())
    print(table(("level", "reach", "theme", "files", "min", "median", "max"), rows(found)))
    largest = max(n for key, many in found.items() if key[:2] == ("subdistrict", "country") for n in many)
    print(f"largest national subdistrict layer {size(largest)}; budget {size(BUDGET)}: ", end="")
    print("met" if largest <= BUDGET else "NOT met")


if __name__ == "__main__":
    try:
        main()
    except home.Skipped as reason:
        sys.exit(f"skipped: {reason}")
