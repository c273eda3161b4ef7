"""Opens what a page gives away, each kind with a reader that others use, and tells what stands in it."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
from PIL import Image


def kept(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """Name and content of every file a page offers, made at once instead of when asked for."""
    import streamlit as st

    made: list[tuple[str, bytes]] = []

    def button(_label, content, *, file_name, **_options):
        made.append((file_name, content() if callable(content) else content))
        return False

    monkeypatch.setattr(st, "download_button", button)
    return made


def geopackage(content: bytes) -> dict[str, gpd.GeoDataFrame]:
    """Every layer of a GeoPackage."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "view.gpkg"
        file.write_bytes(content)
        return {str(name): gpd.read_file(file, layer=name) for name, _ in pyogrio.list_layers(file)}


def metadata(content: bytes) -> dict[str, str]:
    """What the first layer of a GeoPackage says of itself."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "view.gpkg"
        file.write_bytes(content)
        return dict(pyogrio.read_info(file, layer=0)["layer_metadata"] or {})


def text_of(name: str, content: bytes) -> str:
    """All text of a file by its suffix; a picture and what this machine cannot read have none."""
    suffix = name.rpartition(".")[2]
    if suffix == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    if suffix == "geojson":
        frame = gpd.read_file(io.BytesIO(content))
        assert frame.crs.to_epsg() == 4326
        return json.dumps(json.loads(content), ensure_ascii=False)
    if suffix == "gpkg":
        layers = geopackage(content)
        assert all(frame.crs.to_epsg() == 4326 for frame in layers.values())
        return "\n".join([*metadata(content).values(), *(frame.to_csv() for frame in layers.values())])
    if suffix == "pdf":
        return pdf_text(content)
    if suffix == "png":
        Image.open(io.BytesIO(content)).load()
        return ""
    return content.decode("utf-8-sig")


def pdf_text(content: bytes) -> str:
    """Text of a PDF as a reader copies it, in one line."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext of poppler-utils is not on this machine")
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=content, capture_output=True, check=True)
    return " ".join(done.stdout.decode("utf-8").split())


_CLUSTER = re.compile(r"[^\s\u0e31\u0e34-\u0e3a\u0e47-\u0e4e][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*")


def says(told: str, text: str) -> bool:
    """Whether a text stands in another, wherever its lines are broken.

    Where a Thai vowel or tone mark was raised, typst writes its letter down with the mark again, so that what is copied from a
    PDF has some letters twice; these repetitions are passed over, and nothing else is.
    """
    clusters = _CLUSTER.findall(text)
    twice = "|".join({re.escape(one) for one in clusters if len(one) > 1})
    between = rf"(?:\s|{twice})*" if twice else r"\s*"
    return re.search(between.join(map(re.escape, clusters)), told) is not None
