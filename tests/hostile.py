"""Text that wants to be more than text, and a data home full of it, published the way every import is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
from shapely.geometry import box

from analytics.catalogue import DIMENSIONS
from geo.codes import official_areas
from tests.warehouse.batches import batch
from warehouse.batch import SOURCE, SOURCE_FILE
from warehouse.embedded import build
from warehouse.publish import publish_batches
from warehouse.report import Finding
from warehouse.settings import Settings
from warehouse.snapshots import SnapshotInfo, Store

SCRIPTS = (
    "<script>window.__xss=1</script>",
    "<img src=x onerror=window.__xss=1>",
    "</script><svg onload=window.__xss=1>",
    "[กด](javascript:window.__xss=1)",
    "<a href='javascript:window.__xss=1'>บ้าน</a>",
    "<iframe srcdoc='<script>parent.__xss=1</script>'>",
)
MARKDOWN = (
    "**หนา** _เอียง_ `รหัส` ~~ขีด~~",
    ":red[แดง] :blue-badge[ป้าย] :rainbow[รุ้ง] :small[เล็ก] :shortcut[K]",
    ":material/home: :smile: :+1: :streamlit: :a:b:",
    "$x^2$ $$y$$ \\alpha \\* \\",
    "# หัวเรื่อง",
    "- ข้อ",
    "1. ข้อหนึ่ง",
    "> อ้าง | ช่อง | ตาราง",
    "---",
    "a -- b --> c <- d <-> e >= f <= g ~= h != i",
    "==x== ^sup^ H~2~O",
    "[[x]]: http://e [^1] <!-- c -->",
    "::directive[x]{a=b}",
    "- [ ] งาน",
)
ENTITIES = (
    "&lt;b&gt; &amp; &copy; &#60; &#x3c;",
    "{{constructor.constructor('window.__xss=1')()}}",
    "{name_th} {code} {0} {target_poor_rate_t} %{x} %{fullData.name}",
)
LINKS = ("www.evil.example", "http://evil.example/x", "HTTPS://Evil.example a@evil.example mailto:a@b.co")
FORMULAS = ('=HYPERLINK("http://evil.example")', "+cmd|' /C calc'!A0", "@SUM(A1)")

YEAR = 2018
DISTRICT = "9501"
SUBDISTRICT = "950101"
FIRST_MUNICIPALITY = 51


def images(port: int) -> tuple[str, ...]:
    """Markdown and HTML that would make the browser ask a listener on this port for a picture."""
    address = f"http://127.0.0.1:{port}/leak"
    return (
        f"![a]({address}.png)",
        f"<img src={address}2.png>",
        f"<style>@import url({address}.css)</style>",
        f"<link rel=stylesheet href={address}3.css>",
    )


def payloads(port: int = 9) -> tuple[str, ...]:
    """Every text."""
    return (*SCRIPTS, *images(port), *MARKDOWN, *ENTITIES, *LINKS, *FORMULAS)


def shown(text: str) -> str:
    """A text as the screen should read: what has no width is dropped, white space is one blank."""
    return " ".join(text.replace("\u2060", "").split())


def _unofficial_codes(count: int) -> list[str]:
    """Codes of municipalities in the district."""
    return [f"{DISTRICT}{FIRST_MUNICIPALITY + n}" for n in range(count)]


def hostile_home(home: Path, names: Sequence[str], title: str) -> SnapshotInfo:
    """Publish a snapshot whose unofficial areas, sources, files and findings carry the texts.

    Parameters
    ----------
    home : Path
        An empty folder.
    names : sequence of str
        At most 49. One municipality with a polygon and one village for each.
    title : str
        Of the source and of its file.
    """
    store, settings = Store(home), Settings()
    build(store, settings)
    codes = _unofficial_codes(len(names))
    villages = [f"{SUBDISTRICT}{n + 1:02}" for n in range(len(names))]
    areas = [
        {
            "code": code, "level": level, "parent": parent, "name_th": name, "name_en": name, "kind": kind,
            "region": "south", "mapped_to": SUBDISTRICT if kind == "municipal" else None,
        }
        for places, level, parent, kind in (
            (codes, "subdistrict", DISTRICT, "municipal"),
            (villages, "village", SUBDISTRICT, "village"),
        )
        for code, name in zip(places, names, strict=True)
    ]  # fmt: skip
    official = [a.code for a in official_areas().values() if a.parent == DISTRICT]
    districts = [a.code for a in official_areas().values() if a.parent == "95"]
    rows = []
    for place, code in enumerate([*codes, *villages, *official, *districts]):
        rows += [
            (code, "surveyed_persons", YEAR, 1000.0 + place),
            (code, "mpi_poor", YEAR, 90.0 + place),
            (code, "target_poor", YEAR, 50.0 + place),
            *((code, f"target_{d}", YEAR, 10.0 + place + n) for n, d in enumerate(DIMENSIONS)),
        ]
    made = batch(rows, source="hostile", areas=areas, file=f"{title}.csv", sha=title)
    made.sources = pa.Table.from_pylist(
        [
            {
                "source_id": "hostile", "kind": "user", "publisher": title, "title_th": title, "title_en": title,
                "url": "javascript:window.__xss=1", "licence": title, "cells": "published", "priority": 90,
            }
        ],
        schema=SOURCE,
    )  # fmt: skip
    made.files = pa.Table.from_pylist(
        [{"source_id": "hostile", "file_name": f"{title}.csv", "sha256": "0" * 64, "bytes": 1, "rows": 1}],
        schema=SOURCE_FILE,
    )
    made.report.add(Finding("warn", "made.text", f"{title}.csv", 2, title, title, title, title, title))
    side = max(1, round(len(names) ** 0.5 + 0.5))
    cells = [
        box(
            101.0 + 0.1 * (n % side),
            6.0 + 0.1 * (n // side),
            101.1 + 0.1 * (n % side),
            6.1 + 0.1 * (n // side),
        )
        for n in range(len(names))
    ]
    made.boundaries = {
        "subdistrict": _boundaries(codes, names, cells),
        "district": _boundaries([DISTRICT], [title], [box(101.0, 6.0, 101.0 + 0.1 * side, 6.0 + 0.1 * side)]),
    }
    return publish_batches(store, settings, [made])


def _boundaries(codes: Sequence[str], names: Sequence[str], shapes: Sequence[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"code": list(codes), "name_th": list(names), "name_en": list(names)},
        geometry=list(shapes),
        crs="EPSG:4326",
    )
