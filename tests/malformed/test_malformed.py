"""Every file of the malformed corpus gets the verdict it has to have, in words that tell where and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from analytics.village_specs import shipped_specs
from geo.boundaries import embedded_provinces
from tests.malformed.cases import CASES, Case
from tests.malformed.make import TARGET, WITHOUT_FILE, classes, page
from tests.malformed.maps import SOUND_AREAS
from tests.malformed.tables import sound_edition
from warehouse.batch import Batch
from warehouse.intake import Intake, Job, Result
from warehouse.report import Finding
from warehouse.sources.boundaries import read_boundary_files
from warehouse.sources.figures import import_figures
from warehouse.sources.neet import read_neet
from warehouse.sources.nightlight import read_nightlight
from warehouse.sources.places import read_places
from warehouse.sources.table import read_table
from warehouse.sources.tpmap import read_tpmap
from warehouse.sources.villages import read_villages

_IMPORTERS = (
    "tpmap",
    "crosswalk",
    "figures",
    "boundaries",
    "nightlight",
    "neet",
    "places",
    "table",
    "villages",
)
_TRACE = re.compile(r"Traceback|File \"|line \d+, in |\.py\b|0x[0-9a-f]{9,}|Exception|Error\(")


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=1, timeout=30) as pool:
        yield pool


def imported(case: Case, paths: list[Path], intake: Intake) -> Batch:
    if case.reader == "boundaries":
        return read_boundary_files(paths, intake, **case.options)
    if case.reader == "nightlight":
        return read_nightlight(paths, intake, **case.options)
    if case.reader == "figures":
        return import_figures(paths[0])
    if case.reader == "table":
        return read_table(paths[0], intake, **case.options).batch
    if case.reader == "villages":
        return read_villages(paths, intake, specs=shipped_specs(), **case.options)
    if case.reader == "neet":
        return read_neet(paths, intake, **{"protected": lambda _ids: False} | case.options)
    if case.reader == "places":
        # Outlines that were imported, as in use; those that ship would warn of every file.
        return read_places(paths, intake, boundaries={"province": embedded_provinces()}, **case.options)
    return read_tpmap(paths, intake, **case.options)


def told(findings: list[Finding], case: Case, names: set[str]) -> None:
    """A finding is fit to be read: place, found, expected and remedy, in both languages, and nothing of ours."""
    for one in findings:
        assert any(one.file == name or one.file.startswith(f"{name}/") for name in names), one.file
        assert one.found and one.expected
        assert any("\u0e00" <= letter <= "\u0e7f" for letter in one.mend_th)
        assert re.search("[a-z]{3}", one.mend_en) and not re.search("[\u0e00-\u0e7f]", one.mend_en)
        for language in ("th", "en"):
            line = one.line(language)
            assert not _TRACE.search(line), line
            assert "/tmp/" not in line and str(Path.home()) not in line
            if one.row is not None:
                assert str(one.row) in line
    mine = [one for one in findings if one.code == case.code]
    assert mine, f"expected {case.code}, found {sorted({one.code for one in findings})}"
    if case.row:
        assert all(one.row for one in mine)
    if case.column:
        assert all(one.column for one in mine)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def observations(batch: Batch) -> pd.Series:
    return batch.observations.to_pandas().set_index(["area_code", "indicator"])["value"].sort_index()


@pytest.mark.parametrize("name", sorted(CASES))
def test_verdict(name: str, tmp_path: Path, intake: Intake, sound: dict[str, Any]) -> None:
    case = CASES[name]
    folder = tmp_path / "in"
    paths = case.write(folder)
    before = files_in(folder)
    names = {Path(file).name for file in before} | set(before) | {path.name for path in paths}
    if case.reader in _IMPORTERS:
        batch = imported(case, paths, intake)
        rejections, warnings = batch.report.rejections, batch.report.warnings
        repairs = set(batch.report.repairs)
        if batch.report.refused:
            assert batch.observations.num_rows == batch.areas.num_rows == batch.sources.num_rows == 0
            assert not batch.boundaries and not batch.rasters and not batch.places.num_rows
            assert batch.village_points.num_rows == batch.village_scores.num_rows == 0
        else:
            _true(case, batch, sound)
    else:
        [result] = intake.read([Job(case.reader, path, dict(case.options)) for path in paths])
        rejections = [f for f in result.findings if f.severity == "reject"]
        warnings = [f for f in result.findings if f.severity == "warn"]
        repairs = set()
        assert (result.table is None) == bool(rejections)
        if result.table is not None:
            _true_table(case, result)
    verdict = "reject" if rejections else "accept"
    assert verdict == ("reject" if case.verdict == "reject" else "accept"), [f.line("en") for f in rejections]
    if case.verdict == "reject":
        told(rejections, case, names)
    elif case.verdict == "repair":
        assert case.code in repairs | {f.code for f in warnings}, (repairs, [f.line("en") for f in warnings])
        if case.code not in repairs:
            told(warnings, case, names)
    else:
        assert not warnings, [f.line("en") for f in warnings]
    assert files_in(folder) == before, "reading changed the sender's folder"


@pytest.fixture(scope="module")
def sound(intake: Intake) -> dict[str, Any]:
    """What the files say before anything is spoilt."""
    batch = read_tpmap([sound_edition()], intake)
    assert not batch.report.refused and not batch.report.warnings and not batch.report.repairs
    return {"tpmap": observations(batch), "figures": observations_of_figures(import_figures())}


def observations_of_figures(batch: Batch) -> pd.Series:
    keys = ["area_code", "indicator", "year", "source_id"]
    return batch.observations.to_pandas().set_index(keys)["value"].sort_index()


def _true(case: Case, batch: Batch, sound: dict[str, Any]) -> None:
    """An accepted file says what the sound one says, number by number."""
    if case.reader == "tpmap":
        expected = sound["tpmap"]
        if "without" in case.truth:
            expected = expected[expected.index.get_level_values(0) != case.truth["without"]]
        pd.testing.assert_series_equal(observations(batch), expected)
    elif case.reader == "figures":
        pd.testing.assert_series_equal(observations_of_figures(batch), sound["figures"])
    elif case.reader == "nightlight":
        [raster] = batch.rasters
        assert int(np.isfinite(raster.values).sum()) == case.truth["finite"]
        assert np.nansum(raster.values, dtype="float64") == pytest.approx(case.truth["sum"], rel=1e-6)
    elif case.reader == "villages":
        scores = {(r["code"], r["indicator"]): r["score"] for r in batch.village_scores.to_pylist()}
        assert scores == case.truth["scores"]
    elif case.reader in ("neet", "table"):
        assert observations(batch).to_dict() == pytest.approx(case.truth["values"])
    elif case.reader == "places":
        expected, found = dict(case.truth["places"]), batch.places.to_pylist()
        unnamed = expected.pop("*", 0)
        by_id = {p["place_id"]: (p["area_code"], p["latitude"], p["longitude"]) for p in found}
        assert len(by_id) == len(found) == len(expected) + unnamed
        for code, (area, lat, lon) in expected.items():
            assert by_id[code][0] == area
            assert by_id[code][1:] == (pytest.approx(lat, abs=2e-5), pytest.approx(lon, abs=2e-5)), code
        lost = batch.report.repairs["closed_left_out"] + batch.report.repairs["repeated_rows"]
        assert batch.report.rows_read == len(found) + batch.report.rows_rejected + lost
    elif case.reader == "crosswalk":
        assert {a["code"]: a["name_th"] for a in batch.areas.to_pylist()} == case.truth["names"]
        assert batch.observations.num_rows == 0
    else:
        [(level, frame)] = batch.boundaries.items()
        expected = case.truth.get("areas", SOUND_AREAS)
        shares = dict(zip(frame["code"], shapely.area(frame.geometry.values), strict=True))
        if level in expected:
            expected = expected[level]
        assert {code: pytest.approx(area, abs=2e-6) for code, area in expected.items()} == shares


def _true_table(case: Case, result: Result) -> None:
    table = result.table
    columns = {name: table.column(name).to_pylist() for name in table.column_names if name != "_row"}
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    assert rows == case.truth["rows"]


def test_the_corpus_is_large_enough_and_whole() -> None:
    files = sum(len(found) for found in classes().values())
    assert files >= 160 and files == len(CASES)
    assert set(classes()) | set(WITHOUT_FILE) == set(range(1, 126))
    assert not set(classes()) & set(WITHOUT_FILE)


def test_the_files_are_the_same_at_every_run(tmp_path: Path) -> None:
    for name in sorted(CASES)[::9]:
        once, again = tmp_path / "a" / name, tmp_path / "b" / name
        CASES[name].write(once)
        CASES[name].write(again)
        if CASES[name].reader in ("csv", "tpmap", "crosswalk", "figures", "raster"):
            assert files_in(once) == files_in(again), name


def test_the_page_is_what_the_corpus_says() -> None:
    assert TARGET.read_text(encoding="utf-8") == page(), "run: python -m tests.malformed.make"


def test_the_command_line_publishes_nothing_it_refuses_and_nothing_twice(
    tmp_path, monkeypatch, capsys
) -> None:
    from warehouse.cli import main

    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    assert main(["build"]) == 0
    pointer = tmp_path / "home" / "CURRENT"
    before = pointer.read_bytes()
    for reader, every in (("tpmap", 13), ("boundaries", 9), ("nightlight", 7)):
        refused = [
            c for c in CASES.values() if (c.reader, c.verdict, dict(c.options)) == (reader, "reject", {})
        ]
        for case in refused[::every]:
            paths = [str(path) for path in case.write(tmp_path / case.name)]
            capsys.readouterr()
            assert main(["import", reader, *paths]) == 1
            out, err = capsys.readouterr()
            assert not _TRACE.search(out + err), out + err
            assert "ไม่รับ" in out and "วิธีแก้" in out
            assert pointer.read_bytes() == before
    assert main(["import", "tpmap", str(sound_edition())]) == 0
    once = pointer.read_bytes()
    assert once != before
    assert main(["import", "tpmap", str(sound_edition())]) == 0
    assert pointer.read_bytes() == once
