"""Writes ``docs/licences.md``: what Daomap installs to run, with versions from the lock file and licences from the packages.

python deploy/licences.py          print the page
python deploy/licences.py --write  write it
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"

# Licences that ask for no more than naming the authors, that only bind changes to their own files (MPL-2.0), or that let
# a library be used as it is, from a package of its own that can be replaced (LGPL).
ALLOWED = frozenset(
    {
        "MIT", "MIT-CMU", "BSD", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "PSF-2.0", "ISC", "Zlib", "CC0-1.0",
        "MPL-2.0", "OFL-1.1", "CC-BY-4.0", "LGPL-2.1-or-later",
    }
)  # fmt: skip
# How packages without a licence expression write it.
_SPELLINGS = {
    "MIT License": "MIT",
    "MIT license": "MIT",
    "BSD License": "BSD",
    "BSD 3-Clause": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
# Those whose package data says nothing, read from the licence file inside.
_FROM_FILE = {
    "exactextract": "Apache-2.0",
    "pyarrow-hotfix": "Apache-2.0",
    "python-stdnum": "LGPL-2.1-or-later",
}
# Locked for other systems or Python versions, so not installed everywhere; read from the packages.
_ELSEWHERE = {
    "click-plugins": "BSD-3-Clause",
    "cligj": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",
    "landlockpy": "0BSD",
}

_BESIDE = """## Data and fonts that come along

| what | where | licence |
|---|---|---|
| Noto Sans Thai | package `fontpkg-noto-sans-thai`, served to the browser, put into printed maps | OFL-1.1 |
| its Thai digits under the characters 0 to 9 | `ui/thai-digits.ttf`, cut out of the above | OFL-1.1 |
| names and codes of areas | package `geothai` | CC-BY-4.0 (its data; its code is MIT) |
| province outlines, simplified | `data/boundaries/provinces.geojson`, from Natural Earth | public domain |
| schematic districts and subdistricts | `data/boundaries/schematic.geojson.gz`, from Natural Earth, seats of GeoNames | CC-BY-4.0 |
| modelled night light | `data/nightlight/`, made from populated places of GeoNames | CC-BY-4.0 |
| published figures of the country and the provinces | `data/figures/`, each with its source | facts, quoted |

The agencies' own files are not part of Daomap and are never handed on with it; most state no licence.

## Libraries inside those packages

`pyogrio` and `rasterio` carry GDAL (MIT) and what it is built with, PROJ (MIT) among it; `pyproj` carries PROJ; `shapely`
and `exactextract` carry GEOS (LGPL-2.1-or-later) as a shared library of its own, which can be replaced. `streamlit` carries
its web page, with React, deck.gl, plotly.js, Vega and KaTeX (MIT or BSD) among others, as its own notices list. `typst`
carries fonts of its own (Libertinus, New Computer Modern, DejaVu Sans Mono; OFL-1.1 or freer), from which printed maps take
signs that Noto Sans Thai lacks.
"""


def runtime_packages() -> dict[str, list[str]]:
    """Name and locked versions of everything installed without the test tools; several where Python versions differ."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    entries: dict[str, list[dict]] = {}
    for package in lock["package"]:
        entries.setdefault(package["name"], []).append(package)
    found: set[str] = set()
    left = ["daomap"]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        for package in entries[name]:
            for need in package.get("dependencies", []):
                left.append(need["name"])
                for extra in need.get("extra", []):
                    for provider in entries[need["name"]]:
                        optional = provider.get("optional-dependencies", {}).get(extra, [])
                        left += [inner["name"] for inner in optional]
    found.discard("daomap")
    return {name: sorted({p["version"] for p in entries[name]}) for name in sorted(found)}


def licence(name: str) -> str:
    """Licence of a package as an SPDX expression where it says so; empty where it says nothing that is understood."""
    try:
        facts = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return _ELSEWHERE.get(name, "")
    expression = facts.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [
        c.rpartition(" :: ")[2] for c in facts.get_all("Classifier", []) if c.startswith("License")
    ]
    for text in (str(facts.get("License") or "").strip(), *classifiers):
        known = _SPELLINGS.get(text, text)
        if known in ALLOWED:
            return known
    return _FROM_FILE.get(name, "")


def forbidden(expression: str) -> bool:
    """Whether a licence is unknown, or asks for more than `ALLOWED` where no other one is offered beside it."""
    if not expression:
        return True
    choices = re.split(r"\s+OR\s+", expression.replace("(", "").replace(")", ""))
    return not any(all(part in ALLOWED for part in re.split(r"\s+AND\s+", choice)) for choice in choices)


def page() -> str:
    """The whole page."""
    rows = [
        f"| {name} | {', '.join(versions)} | {licence(name) or 'UNKNOWN'} |"
        for name, versions in runtime_packages().items()
    ]
    return "\n".join(
        [
            "# Licences",
            "",
            "Daomap is MIT (`LICENSE`). It installs these packages to run, in the versions and with the hashes of `uv.lock`;",
            "where two versions stand, the Python version decides. This page is written by `python deploy/licences.py --write`,",
            "and a test holds it to the lock file.",
            "",
            "| package | version | licence |",
            "|---|---|---|",
            *rows,
            "",
            _BESIDE,
        ]
    )


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())
