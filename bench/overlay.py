"""The overlay map with everything on: bytes on the wire, bytes and script time of a rerun, seconds of a printed sheet.

All subdistricts of the country as a choropleth, the picture of night light, outlines of provinces, every village point and
every government office, none gathered into bubbles. Compared with the budgets and, as the named peer, with the same features
inlined in the chart, which is what pydeck does with data that are no address: it sends them at every rerun.

    python -m bench.overlay [--times 20]

The home is that of the other benchmarks with the offices and village points of the agencies' files imported as well.
Bytes on the wire are those of the gzipped answers to the addresses in the chart, asked for as a browser does; a browser keeps
them for a year and asks again only after an import.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench import home
from bench.client import Run, Tab
from bench.machine import facts, percentile, size, table
from tests.browser.conftest import start_server, stop_server

WIRE, RERUN, SCRIPT, SHEET = 3_000_000, 50_000, 0.150, 5.0
OFFICES = "services/thai_government_offices_ahoerstemeier.csv"
NAMES = "villages/bmn59.village_name.csv"  # by which the points, whose codes are not official, are recognised
VILLAGES = "villages/TH_VILLAGE2012.zip"
VIEW = {"area": "TH", "lang": "th", "show": "subdistrict"}
LAYERS = "areas!itarget_poor_rate{areas}~light!o{light}~outline!lprovince~village!a~place!koffice!a"
# What a person changes: opacity of two layers, the indicator, the order.
CHANGES = (
    LAYERS.format(areas="!o90", light="80"),
    LAYERS.format(areas="!o70", light="40"),
    LAYERS.format(areas="!o70", light="40").replace("target_poor_rate", "mpi_poor_rate"),
    "~".join(reversed(LAYERS.format(areas="!o70", light="40").split("~"))),
)
WARM_UP = 2 * len(CHANGES)


def views() -> Iterator[dict[str, str]]:
    """Address parameters of one rerun after the other, without end."""
    while True:
        for layers in CHANGES:
            yield VIEW | {"layers": layers}


class Watching(Tab):
    """A tab that remembers the chart it was sent."""

    chart = ""

    def _take(self, raw: bytes | str) -> Run | None:
        message = ForwardMsg()
        message.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
        if message.WhichOneof("type") == "delta":
            element = message.delta.new_element
            if element.WhichOneof("type") == "deck_gl_json_chart":
                self.chart = element.deck_gl_json_chart.json
        return super()._take(raw)


def addresses(chart: str) -> list[str]:
    """Addresses a browser fetches for a chart, each once: data of its layers and their pictures."""
    found = []
    for layer in json.loads(chart)["layers"]:
        for key in ("data", "image"):
            value = layer.get(key)
            if isinstance(value, str) and value.startswith("/"):
                found.append(value)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer: its address, bytes as they travel and as they are, and the features in it."""

    address: str
    wire: int
    whole: int
    features: int

    def row(self) -> list[str]:
        kind = "/".join(self.address.split("?")[0].split("/")[3:])
        return [kind, f"{self.features:,}" if self.features else "–", size(self.wire), size(self.whole)]


def fetch(url: str, address: str) -> Fetched:
    """Ask for an address as a browser does."""
    request = urllib.request.Request(url + address, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
        packed = answer.headers.get("Content-Encoding") == "gzip"
        geojson = "json" in answer.headers.get("Content-Type", "")
    whole = gzip.decompress(body) if packed else body
    return Fetched(address, len(body), len(whole), len(json.loads(whole)["features"]) if geojson else 0)


def crowded() -> Path:
    """The home of the other benchmarks with offices and village points."""
    offices, names, villages = map(str, home.real_files(OFFICES, NAMES, VILLAGES))
    return home.made(
        home.kept() / "overlay",
        home.everything(),
        ["import", "places", offices, "--kind", "office"],
        ["import", "villages", names],
        ["import", "villages", villages],
    )


def sheets(data: Path, times: int) -> list[list[str]]:
    """Seconds of a printed sheet with all layers, each kind after one that loads the libraries."""
    import os

    os.environ["DAOMAP_HOME"] = str(data)
    from ui import data as served
    from ui import overlay_panels, overlay_scene
    from ui.frame import Context
    from ui.palette import LIGHT
    from ui.print_map import PAPERS, SUFFIXES
    from ui.print_panels import sheet_bytes
    from ui.state import View
    from ui.texts import Words

    house = served.warehouse()
    view = View(area="TH", show="subdistrict", layers=CHANGES[0])
    c = Context(house, view, house.area("TH"), Words("th"), LIGHT)
    layers = overlay_scene.layers_of(c)
    link = "http://127.0.0.1/overlay"
    rows = []
    sheet_bytes(c, overlay_panels.overlay_paper(c, layers), PAPERS[0], "pdf", link)
    for paper in PAPERS:
        for suffix in SUFFIXES:
            took, length = [], 0
            for _ in range(times):
                started = time.perf_counter()
                length = len(sheet_bytes(c, overlay_panels.overlay_paper(c, layers), paper, suffix, link))
                took.append(time.perf_counter() - started)
            worst = max(took)
            kind = f"{paper.name.upper()} {'landscape' if paper.landscape else 'portrait'} {suffix.upper()}"
            rows.append(
                [
                    kind,
                    f"{percentile(took, 0.5):.2f}",
                    f"{worst:.2f}",
                    size(length),
                    "yes" if worst <= SHEET else "no",
                ]
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    data = crowded()
    print(facts())
    server = start_server(data, module="bench.timed")
    try:
        with Watching(server.url, "overlay") as tab:
            asked = views()
            first = tab.run(**next(asked))
            found = [fetch(server.url, address) for address in addresses(tab.chart)]
            for query in islice(asked, WARM_UP - 1):
                tab.run(**query)
            runs = [tab.run(**query) for query in islice(asked, options.times)]
            parts = sorted(tab.parts.items(), key=lambda item: -item[1])[:6]
    finally:
        stop_server(server)
    wire, whole = sum(f.wire for f in found), sum(f.whole for f in found)
    rerun = percentile([float(r.size) for r in runs], 1.0)
    script = percentile([r.script or r.seconds for r in runs], 0.95)
    print(table(("address", "features", "gzipped", "whole"), [f.row() for f in found]))
    print(
        table(
            ("what", "budget", "measured", "met", "inlined"),
            [
                ["fetched once, gzipped", size(WIRE), size(wire), _met(wire, WIRE), f"{size(whole)} ({whole / wire:.0f} x)"],
                ["websocket, first", "–", size(first.size), "–", size(first.size + whole)],
                ["websocket, largest rerun", size(RERUN), size(rerun), _met(rerun, RERUN), f"{(rerun + whole) / rerun:,.0f} x"],
                ["script p95 of a warm rerun", f"{1000 * SCRIPT:.0f} ms", f"{1000 * script:.0f} ms", _met(script, SCRIPT), "–"],
            ],
        )
    )  # fmt: skip
    print("largest parts of a rerun: " + ", ".join(f"{name} {size(n)}" for name, n in parts))
    print(table(("sheet", "p50 s", "worst s", "size", f"<= {SHEET:.0f} s"), sheets(data, 3)))


def _met(measured: float, budget: float) -> str:
    return "yes" if measured <= budget else f"no ({measured / budget:.2f} x)"


if __name__ == "__main__":
    try:
        main()
    except home.Skipped as reason:
        sys.exit(f"skipped: {reason}")
