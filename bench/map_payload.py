"""The national subdistrict map, inlined against by address: bytes, script time and time until it is drawn.

Three servers in one run, over the same imported data:

ours
    The poverty map page: a layer the browser fetches once, colours as an expression in the map's description.
inlined, our outlines
    A one-page Streamlit app as tutorials write it: the features and their colours stand in the pydeck layer and
    travel down the websocket with every rerun. The outlines are ours, already simplified.
inlined, published outlines
    The same with the outlines as the agency published them.

The peers are spared reading files: they keep the features in memory and only colour them. ``first`` opens the
page in a window with nothing kept; ``rerun`` picks another indicator in the page's own select box. ``drawn`` is
measured in headless Chromium from the start of navigation (or the key press) until the graphics pipeline has
finished the draw call that fills the areas; script times come from the server through a websocket client.
Everything runs on one machine, so the bytes travel for free: over a network the peers also wait for them.

    python -m bench.map_payload [--only ours|simplified|published]
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
from playwright.sync_api import Browser, Page, sync_playwright

from bench import home
from bench.client import Tab, script_times
from bench.machine import facts, percentile, size, table
from bench.plain_app import plain_server
from tests.browser.conftest import CHROMIUM, start_server, stop_server
from ui.texts import texts

YEAR = 2018
INDICATORS = ("target_poor_rate", "mpi_poor_rate", "target_poor")
OURS = {"area": "TH", "lang": "th", "show": "subdistrict", "ind": INDICATORS[0]}
BIG = 20_000  # corners in one draw call: only the areas of the country have so many

PEER = """
import json
import pydeck as pdk
import streamlit as st

INDICATORS = {indicators!r}
RAMP = [[254, 229, 217], [252, 174, 145], [251, 106, 74], [222, 45, 38], [165, 15, 21]]

@st.cache_resource
def features():
    with open({path!r}, encoding="utf-8") as file:
        return json.load(file)["features"]

st.title("map")
name = st.selectbox("indicator", INDICATORS, index=INDICATORS.index(st.query_params.get("ind", INDICATORS[0])))
values = sorted(f["properties"][name] for f in features() if f["properties"].get(name) is not None)
bounds = [values[len(values) * k // 5 - 1] for k in range(1, 5)]

def colour(value):
    return [200, 200, 200] if value is None else RAMP[sum(value > b for b in bounds)]

shown = [
    {{"type": "Feature", "geometry": f["geometry"],
      "properties": f["properties"] | {{"fill": colour(f["properties"].get(name))}}}}
    for f in features()
]
st.pydeck_chart(pdk.Deck(
    [pdk.Layer("GeoJsonLayer", id="areas", data={{"type": "FeatureCollection", "features": shown}}, pickable=True,
               get_fill_color="properties.fill", get_line_color=[90, 90, 90], line_width_min_pixels=0.2)],
    initial_view_state=pdk.ViewState(longitude=101.0, latitude=13.2, zoom=4.6),
    map_provider=None, tooltip={{"text": "{{name_th}}"}}), height=560)
"""

WATCH = """
(() => {
  const drawn = (window.__drawn = []);
  const places = {drawElements: 1, drawArrays: 2, drawElementsInstanced: 1, drawArraysInstanced: 2};
  for (const kind of [window.WebGL2RenderingContext, window.WebGLRenderingContext]) {
    if (!kind) continue;
    for (const [name, place] of Object.entries(places)) {
      const real = kind.prototype[name];
      if (!real) continue;
      kind.prototype[name] = function (...a) {
        const answer = real.apply(this, a);
        const corners = a[place] * (name.endsWith("Instanced") ? a[a.length - 1] : 1);
        if (corners >= BIG) {
          this.readPixels(0, 0, 1, 1, this.RGBA, this.UNSIGNED_BYTE, new Uint8Array(4));  // waits for the pipeline
          drawn.push(performance.now());
        }
        return answer;
      };
    }
  }
})();
""".replace("BIG", str(BIG))


@dataclass
class Measured:
    """What one way of drawing the map cost; bytes and seconds."""

    name: str
    first_bytes: int = 0
    rerun_bytes: int = 0
    fetched: int = 0
    first_script: float = 0.0
    rerun_script: float = 0.0
    cold_drawn: float = 0.0
    first_drawn: float = 0.0
    rerun_drawn: float = 0.0

    def row(self, ours: Measured) -> list[str]:
        def ratio(mine: float, its: float) -> str:
            return f"{its / mine:,.0f} x" if its >= 10 * mine else f"{its / mine:.1f} x"

        return [
            self.name,
            size(self.first_bytes),
            f"{size(self.rerun_bytes)} ({ratio(ours.rerun_bytes, self.rerun_bytes)})",
            size(self.fetched) if self.fetched else "–",
            f"{self.first_script:.2f}",
            f"{self.rerun_script:.2f} ({ratio(ours.rerun_script, self.rerun_script)})",
            f"{self.cold_drawn:.1f} ({ratio(ours.cold_drawn, self.cold_drawn)})",
            f"{self.first_drawn:.1f} ({ratio(ours.first_drawn, self.first_drawn)})",
            f"{self.rerun_drawn:.1f} ({ratio(ours.rerun_drawn, self.rerun_drawn)})",
        ]


HEADING = (
    "way",
    "websocket, first",
    "websocket, rerun",
    "layer fetched (gzip)",
    "script first s",
    "script rerun s",
    "drawn, server just started s",
    "drawn, warm server s",
    "drawn, rerun s",
)


def peer_script(path: Path) -> str:
    """Source of the app that inlines the features of a file."""
    return PEER.format(indicators=list(INDICATORS), path=str(path))


def published_features(parquet: Path, properties: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A feature collection of full outlines with the given properties by code."""
    frame = gpd.read_parquet(parquet)
    shapes = json.loads(frame[["code", "geometry"]].to_json())["features"]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": s["geometry"],
                "properties": properties.get(s["properties"]["code"], {"code": s["properties"]["code"]}),
            }
            for s in shapes
        ],
    }


def merged_features(layers: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, Any]:
    """One collection with the properties of several layer files of the same areas, cut to what is used."""
    kept = ("code", "parent", "name_th", "name_en", *names)
    whole: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for feature in layer["features"]:
            whole.setdefault(feature["properties"]["code"], {}).update(
                {k: v for k, v in feature["properties"].items() if k in kept}
            )
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": f["geometry"], "properties": whole[f["properties"]["code"]]}
            for f in layers[0]["features"]
        ],
    }


@dataclass
class Traffic:
    """Counts what a page receives."""

    page: Page
    socket: int = 0
    layers: list[str] = field(default_factory=list)
    last: float = 0.0

    def __post_init__(self) -> None:
        self.page.on("websocket", lambda s: s.on("framereceived", self._frame))
        self.page.on("requestfinished", lambda r: self.layers.append(r.url) if "/layers/" in r.url else None)

    def _frame(self, content: str | bytes) -> None:
        self.socket += len(content)
        self.last = time.monotonic()


@contextmanager
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        raise home.Skipped("no Chromium on the PATH")
    flags = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    flags += ["--ignore-gpu-blocklist", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


def drawn_after(page: Page, start: float, limit: float = 240.0) -> float:
    """Milliseconds of the page's clock at which the last large draw after `start` was finished, once all is quiet."""
    until = time.monotonic() + limit
    count, quiet = -1, time.monotonic()
    while time.monotonic() < until:
        times = [t for t in page.evaluate("window.__drawn") if t > start]
        if len(times) != count:
            count, quiet = len(times), time.monotonic()
        elif times and time.monotonic() - quiet > 4:
            return float(times[-1] if start else times[0])
        page.wait_for_timeout(250)
    raise RuntimeError("the map was not drawn")


def browse(browser: Browser, url: str, label: str, found: Measured) -> None:
    """Open the map on a server just started and once more, then pick the next indicator by keyboard."""
    with opened(browser) as (page, _):
        page.goto(url)
        found.cold_drawn = drawn_after(page, 0.0) / 1000
    with opened(browser) as (page, traffic):
        page.goto(url)
        found.first_drawn = drawn_after(page, 0.0) / 1000
        found.first_bytes = traffic.socket
        box = page.get_by_role("combobox", name=label).first
        box.focus()
        for _ in range(2):  # the first key opens the list
            box.press("ArrowDown")
            page.wait_for_timeout(1500)
        start = page.evaluate("performance.now()")
        box.press("Enter")
        found.rerun_drawn = (drawn_after(page, start) - start) / 1000
        found.rerun_bytes = traffic.socket - found.first_bytes


@contextmanager
def opened(browser: Browser) -> Iterator[tuple[Page, Traffic]]:
    """A window without anything kept from before."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="th-TH")
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(120_000)
    traffic = Traffic(page)
    yield page, traffic
    context.close()


def scripts(url: str, page: str, query: dict[str, str], found: Measured) -> None:
    """Script times of the first visit, and the median of reruns with another indicator."""
    with Tab(url, page) as tab:
        first = tab.run(**query)
        found.first_script = first.script or first.seconds
        runs = [tab.run(**query | {"ind": INDICATORS[(k + 1) % 3]}) for k in range(9)]
    found.rerun_script = percentile([r.script or r.seconds for r in runs[3:]], 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=("ours", "simplified", "published"))
    only = parser.parse_args().only
    data = home.everything()
    snapshot = home.current(data).path
    folder = snapshot / "layers/subdistrict/TH"
    files = sorted(folder.glob(f"poverty*-{YEAR}.geojson.gz"))
    print(facts())
    results = []
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        if only in (None, "ours"):
            ours = Measured("ours")
            server = start_server(data, module="bench.timed")
            try:
                scripts(server.url, "poverty_map", OURS, ours)
            finally:
                stop_server(server)
            server = start_server(data)
            try:
                query = "&".join(f"{k}={v}" for k, v in OURS.items())
                browse(browser, f"{server.url}/poverty_map?{query}", texts("th")["indicator.label"], ours)
            finally:
                stop_server(server)
            ours.fetched = max(file.stat().st_size for file in files)
            results.append(ours)
        layers = [json.loads(gzip.decompress(file.read_bytes())) for file in files]
        simplified = merged_features(layers, INDICATORS)
        by_code = {f["properties"]["code"]: f["properties"] for f in simplified["features"]}
        for key, name in (
            ("simplified", "inlined, our outlines"),
            ("published", "inlined, published outlines"),
        ):
            if only not in (None, key):
                continue
            found = Measured(name)
            content = (
                simplified
                if key == "simplified"
                else published_features(snapshot / "boundaries/subdistrict.parquet", by_code)
            )
            path = Path(scratch) / f"{key}.geojson"
            path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
            large = ("--server.maxMessageSize", "1000")
            with script_times(), plain_server(peer_script(path), *large) as url:
                scripts(url, "", {}, found)
            with plain_server(peer_script(path), *large) as url:
                browse(browser, url, "indicator", found)
            results.append(found)
    print(table(HEADING, [r.row(results[0]) for r in results]))


if __name__ == "__main__":
    try:
        main()
    except home.Skipped as reason:
        sys.exit(f"skipped: {reason}")
