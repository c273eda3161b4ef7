"""The tools that keep the rooms apart, the types honest and the style one."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("lint-imports",),
    ],
    ids=" ".join,
)
def test_tool_finds_nothing(command):
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_no_page_is_long_and_none_computes():
    for page in (ROOT / "pages").glob("*.py"):
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 150, page.name
        assert "import pandas" not in text, page.name
        assert "duckdb" not in text, page.name


def test_dangerous_calls_are_absent():
    """Calls that run what data says, or put data where it is read as code."""
    banned = (
        "unsafe_allow_javascript",
        "unsafe_allow_html",
        "components.v1",
        ".to_html(",
        "read_pickle",
        "import pickle",
        "joblib",
    )
    for room in ("ui", "pages", "analytics", "geo", "warehouse"):
        for file in (ROOT / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert [b for b in banned if b in text] == [], file


def test_bundled_geo_libraries_are_new_enough():
    import pyogrio
    import rasterio

    assert pyogrio.__gdal_version__ >= (3, 12, 4)
    newest = sys.version_info >= (3, 12)
    assert tuple(map(int, rasterio.__gdal_version__.split(".")[:2])) >= ((3, 12) if newest else (3, 10))
