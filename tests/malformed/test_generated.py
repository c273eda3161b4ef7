"""Generated inputs: faults put in on purpose, so that the verdict is known, and bytes changed at random.

20,000 inputs a run; ``DAOMAP_GENERATED=N`` makes it N, ``DAOMAP_EXPLORE=1`` draws others than last time.
"""

from __future__ import annotations

import csv
import io
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.codes import abolished_areas, clean_name, municipal_area, official_areas
from tests.malformed.cases import CASES, SEED
from tests.malformed.make import classes  # noqa: F401  (fills the corpus)
from tests.malformed.tables import COMMON, POOR, RATE, TARGET, sound_edition
from warehouse.batch import Batch
from warehouse.intake import Intake, Job, Result
from warehouse.intake.faults import Refused
from warehouse.intake.text import ROW, decode, read_csv
from warehouse.report import ImportReport
from warehouse.schemas.cells import YEARS, numbers, read_number, read_year
from warehouse.sources import crosswalk
from warehouse.sources.tpmap import read_tpmap

TOTAL = int(os.environ.get("DAOMAP_GENERATED", "20000"))
EXPLORE = bool(os.environ.get("DAOMAP_EXPLORE"))
#: Parts of the whole, by test; they sum to one.
SHARES = {"text": 0.44, "numbers": 0.33, "years": 0.06, "crosswalk": 0.06, "tpmap": 0.01, "bytes": 0.1}


def examples(part: str, strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Run `check` on this part's share of the examples; the same ones at every run."""
    share = round(TOTAL * SHARES[part])
    done = 0

    @settings(
        max_examples=share,
        derandomize=not EXPLORE,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def one(drawn: Any) -> None:
        nonlocal done
        done += 1
        check(drawn)

    one()
    print(f"{part}: {done} examples, {'drawn anew' if EXPLORE else 'derandomized'}")
    assert done >= share, f"only {done} of {share}: the strategy has no more"


def test_the_shares_are_the_whole() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)


# ------------------------------------------------------------------------------------------------------------
# Text: our reader and Python's csv module read the same cells

_CELL = st.text(alphabet='abc019 ,;\t"\n\rกขเา้ำ๑\u200b\u00a0=*%.-', max_size=6)
_TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(_CELL, min_size=width, max_size=width), min_size=1, max_size=5)
)


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[list[str]], str, str, bool, str]:
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp874"]))
    return (
        draw(_TABLE),
        draw(st.sampled_from([",", ";", "\t"])),
        draw(st.sampled_from(["\n", "\r\n"])),
        draw(st.booleans()),
        encoding,
    )


def _written(rows: list[list[str]], delimiter: str, end: str, quoted: bool) -> str:
    out = io.StringIO(newline="")
    style = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=style).writerows(rows)
    return out.getvalue()


def _check_text(drawn: tuple[list[list[str]], str, str, bool, str]) -> None:
    rows, delimiter, end, quoted, encoding = drawn
    # The name ก is in every file: one Thai letter says which of two readings of the bytes is meant.
    header = ["กขค", *(f"c{i}" for i in range(1, len(rows[0])))]
    text = _written([header, *rows], delimiter, end, quoted)
    if encoding == "cp874":
        if "\u200b" in text:
            return
        data = text.encode("cp874")
    else:
        data = (b"\xfe\xff" if encoding == "utf-16-be" else b"") + text.encode(encoding)
    mine: list[list[str]] | None
    try:
        table, facts, warnings = read_csv(data, "t.csv", {"delimiter": delimiter})
        mine = [[row[name] for name in header] for row in table.to_pylist()]
        assert not warnings and facts["rows"] == len(mine)
    except Refused as refused:
        mine = None
        codes = {f.code for f in refused.findings}
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    # A line of one empty cell is an empty line to everybody who did not write it.
    expected = [line for line in lines[1:] if line not in ([], [""])]
    if mine is None:
        assert not expected and codes == {"csv.header_only"}, (codes, data)
    else:
        assert mine == expected
        assert (
            table.column(ROW).to_pylist()
            == [at for at, line in enumerate(lines, 1) if line not in ([], [""])][1:]
        )


def test_text_is_read_as_python_reads_it() -> None:
    examples("text", texts(), _check_text)


# ------------------------------------------------------------------------------------------------------------
# Numbers and years

_DIGITS = st.text(alphabet="0123456789", min_size=1, max_size=12)
_WRITTEN = st.one_of(
    st.integers(-(10**14), 10**14).map(str),
    st.integers(0, 10**12).map("{:,}".format),
    st.decimals(-(10**6), 10**6, places=3).map(str),
    st.integers(0, 10**9).map(lambda n: str(n).translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))),
    st.text(alphabet="0123456789.,-+eE% *()²กบาท=#", max_size=9),
    st.tuples(_DIGITS, st.sampled_from(["*", "%", " บาท", "²", "E+11", ",5", ".5", " ", "\u200b", ".0"])).map(
        "".join
    ),
)


def _oracle(text: str) -> Decimal | None:
    """What a text says as a number if nothing but digits, groups of three and a point are understood."""
    import re

    plain = text.replace("\u200b", "").strip().translate(str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789"))
    if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", plain):
        plain = plain.replace(",", "")
    elif re.fullmatch(r"[+-]?[0-9]{1,3}( [0-9]{3})+(\.[0-9]+)?", plain):
        plain = plain.replace(" ", "")
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", plain):
        return None
    value = Decimal(plain)
    return value if abs(value) < 10**15 else None


def _check_numbers(drawn: list[str]) -> None:
    column = numbers(pa.array(drawn, pa.string()))
    for position, text in enumerate(drawn):
        expected = _oracle(text)
        value = column.values[position]
        assert (position in column.faults) == (expected is None) == bool(np.isnan(value)), text
        if expected is not None:
            assert value == float(expected), text
            assert read_number(text).value == value
        else:
            assert column.texts[position] == text


def test_numbers_are_those_of_decimal() -> None:
    examples("numbers", st.lists(_WRITTEN, min_size=1, max_size=5), _check_numbers)


_ERAS = st.sampled_from(["", "พ.ศ. ", "พ.ศ.", "ค.ศ. ", "B.E. ", "A.D. ", "ปี "])


def _check_year(drawn: tuple[int, str, bool, str]) -> None:
    number, era, thai, tail = drawn
    digits = f"{number}".translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")) if thai else f"{number}"
    year = read_year(f"{era}{digits}{tail}")
    said = {"พ": "be", "B": "be", "ค": "ce", "A": "ce"}.get(era[:1])
    meant = next((e for e, (first, last) in YEARS.items() if first <= number <= last), None)
    right = meant is not None and said in (None, meant) and tail in ("", " ", ".0")
    assert (year.ce is not None) == right, (drawn, year)
    if right:
        assert year.era == meant and year.ce == number - (543 if meant == "be" else 0)


def test_a_year_has_one_calendar_or_is_refused() -> None:
    strategy = st.tuples(
        st.one_of(st.integers(1800, 2800), st.integers(0, 99_999)),
        _ERAS,
        st.booleans(),
        st.sampled_from(["", " ", ".0", "/63", "-2562", ".5", "x"]),
    )
    examples("years", strategy, _check_year)


# ------------------------------------------------------------------------------------------------------------
# The crosswalk: a table with one known fault or none

_DISTRICTS = sorted(c for c, a in official_areas().items() if a.level == "district")
_TAMBONS = sorted(c for c, a in official_areas().items() if a.level == "subdistrict")
# Without ธ and น, which behind เ make a word that is one of UTF-8 too, and is refused for it.
_NAME = st.text(alphabet="กขคงจชซญดตถทบปผพฟภมยรลวสหอะาิีุูเแโ่้ ", min_size=2, max_size=12).filter(
    lambda text: bool(text.strip())
)
_COLUMNS = ["TUMBOL_ID", "TUMBOL_NAME", "TESABAN_FLAG", "MAP_TUMBOL_ID"]
#: Fault -> finding; the ways of writing that are no fault have none.
_FAULTS: dict[str, str | None] = {
    "none": None,
    "thai_digits": None,
    "float": None,
    "as_text": None,
    "blanks": None,
    "zero_width": None,
    "formula_name": None,
    "empty_name": None,
    "extra_cell": "csv.ragged",
    "missing_cell": "csv.ragged",
    "header_twice": "csv.duplicate_header",
    "nul": "csv.nul",
    "open_quote": "csv.unclosed_quote",
    "two_encodings": "csv.encoding",
    "header_only": "csv.header_only",
    "code_twice": "crosswalk.duplicate",
    "scientific": "crosswalk.code",
    "short_code": "crosswalk.code",
    "unknown_province": "crosswalk.code",
    "empty_code": "crosswalk.code",
    "garbled": "crosswalk.garbled",
}


@st.composite
def walks(draw: st.DrawFn) -> tuple[list[list[str]], str, int, random.Random]:
    codes = draw(
        st.lists(
            st.tuples(st.sampled_from(_DISTRICTS), st.integers(51, 99)), min_size=1, max_size=6, unique=True
        )
    )
    rows = []
    for district, number in codes:
        target = draw(st.sampled_from(["", f"{district}01", _TAMBONS[number]]))
        rows.append([f"{district}{number}", draw(_NAME), "1", target])
    fault = draw(st.sampled_from(sorted(_FAULTS)))
    return rows, fault, draw(st.integers(0, len(rows) - 1)), random.Random(draw(st.integers(0, 2**32)))


def _spoil_rows(rows: list[list[str]], fault: str, at: int) -> list[list[str]]:
    rows = [list(row) for row in rows]
    row = rows[at]
    if fault == "thai_digits":
        row[0] = row[0].translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    elif fault == "float":
        row[0] += ".0"
    elif fault == "as_text":
        row[0] = f'="{row[0]}"'
    elif fault == "blanks":
        row[0], row[1] = f" {row[0]} ", f"  {row[1]} "
    elif fault == "zero_width":
        row[1] = "\u200b".join(row[1])
    elif fault == "formula_name":
        row[1] = '=HYPERLINK("http://127.0.0.1/")'
    elif fault == "empty_name":
        row[1] = ""
    elif fault == "code_twice":
        rows.append(list(row))
    elif fault == "scientific":
        row[0] = f"{int(row[0]):.3E}"
    elif fault == "short_code":
        row[0] = row[0][:5]
    elif fault == "unknown_province":
        row[0] = "99" + row[0][2:]
    elif fault == "empty_code":
        row[0] = ""
    elif fault == "garbled":
        row[1] = "เมืองภูเก็ต".encode("cp874").decode("latin-1")
    elif fault == "extra_cell":
        row.append("x")
    elif fault == "missing_cell":
        row.pop()
    return rows


def _spoil_bytes(text: str, fault: str) -> bytes:
    if fault == "nul":
        text = text[:-2] + "\0" + text[-2:]
    elif fault == "open_quote":
        text += '"ไม่ปิด,1,2,3\n'
    elif fault == "header_only":
        text = text.split("\n")[0] + "\n"
    data = text.encode()
    if fault == "two_encodings":
        data += b'830199,"' + "รัษฎา".encode("cp874") + b'",1,\n'
    return data


def _walk(data: bytes) -> tuple[dict[str, tuple[str | None, str | None]], ImportReport]:
    report = ImportReport(kind="tpmap")
    try:
        table, _, _ = read_csv(data, "x.csv", {})
    except Refused as refused:
        for one in refused.findings:
            report.add(one)
        return {}, report
    rows = crosswalk.read_rows(table, "x.csv", report)
    return {str(row["code"]): (row["name_th"], row["mapped_to"]) for row in rows}, report


def _check_walk(drawn: tuple[list[list[str]], str, int, random.Random]) -> None:
    rows, fault, at, rng = drawn
    header = [*_COLUMNS[:3], _COLUMNS[0]] if fault == "header_twice" else _COLUMNS
    spoilt = _spoil_rows(rows, fault, at)
    text = _written([header, *spoilt], ",", "\n", False)
    found, report = _walk(_spoil_bytes(text, fault))
    again, report_again = _walk(_spoil_bytes(text, fault))
    assert found == again and report.to_json() == report_again.to_json()
    for one in [*report.rejections, *report.warnings]:
        assert one.found and one.expected and one.mend_th and one.mend_en and one.row
    code = _FAULTS[fault]
    if code is not None:
        assert code in {one.code for one in report.rejections}, (
            fault,
            [f.line("en") for f in report.rejections],
        )
        return
    assert not report.rejections, [f.line("en") for f in report.rejections]
    expected: dict[str, tuple[str | None, str | None]] = {}
    for (code_, _, _, target), line in zip(rows, spoilt, strict=True):
        name = clean_name(line[1]) or municipal_area(code_).name_th
        expected[code_] = (
            name,
            target if target in official_areas() or target in abolished_areas() else None,
        )
    assert found == expected
    shuffled = [list(line) for line in spoilt]
    rng.shuffle(shuffled)
    order = rng.sample(range(4), 4)
    turned = [[line[i] for i in order] for line in [_COLUMNS, *shuffled]]
    assert _walk(_written(turned, ",", "\n", False).encode())[0] == found
    if fault != "zero_width":
        other, said = _walk(text.encode("cp874"))
        if {one.code for one in said.rejections} == {"csv.encoding"}:
            # A few letters may happen to be UTF-8: two readings are none.
            assert text.encode("cp874").decode("utf-8") and not said.warnings
        else:
            assert other == found


def test_a_crosswalk_with_a_known_fault_has_its_verdict() -> None:
    examples("crosswalk", walks(), _check_walk)


# ------------------------------------------------------------------------------------------------------------
# TPMAP: one cell of a consistent edition


class InProcess:
    """Answers like `Intake`, from bytes in memory and without a process: for inputs of our own making only."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, jobs: Iterable[Job]) -> Iterator[Result]:
        for job in jobs:
            data = self._files[job.path.name]
            try:
                table, facts, found = read_csv(data, job.path.name, job.options)
            except Refused as refused:
                yield Result(job, None, {"sha256": str(hash(data)), "size": len(data)}, refused.findings)
                continue
            yield Result(job, table, facts | {"sha256": str(hash(data)), "size": len(data)}, tuple(found))


@cache
def _edition() -> dict[str, list[list[str]]]:
    tables = {}
    for name in (POOR, COMMON):
        with (sound_edition() / name).open(encoding="utf-8", newline="") as opened:
            tables[name] = list(csv.reader(opened))
    return tables


def _observed(batch: Batch) -> pd.DataFrame:
    frame = batch.observations.to_pandas()
    return frame.sort_values(["area_code", "indicator"], ignore_index=True)


def _imported(files: dict[str, bytes]) -> Batch:
    paths = [sound_edition() / name for name in files]
    return read_tpmap(paths, InProcess(files))  # type: ignore[arg-type]


@cache
def _truth() -> pd.DataFrame:
    return _observed(
        _imported({name: _written(t, ",", "\n", False).encode() for name, t in _edition().items()})
    )


_COUNT_FAULTS = st.one_of(
    st.integers(-(10**9), -1).map(lambda n: (str(n), "tpmap.negative_count")),
    st.integers(0, 10**6).map(lambda n: (f"{n}.5", "tpmap.not_whole")),
    st.integers(10**8 + 1, 10**12 - 1).map(lambda n: (str(n), "tpmap.too_large")),
    st.integers(10**15, 10**30).map(lambda n: (str(n), "tpmap.too_long")),
    st.integers(0, 10**6).map(lambda n: (f"{n:,}*", "tpmap.footnote")),
    st.integers(0, 99).map(lambda n: (f"{n}%", "tpmap.percent")),
    st.integers(1, 10**6).map(lambda n: (f"{n} บาท", "tpmap.currency")),
    st.integers(1, 9).map(lambda n: (f"{n}.1E+12", "tpmap.scientific")),
    st.integers(0, 99).map(lambda n: (f"{n},5", "tpmap.decimal_comma")),
    st.integers(1, 99).map(lambda n: (f"=A{n}+1", "tpmap.formula")),
    st.sampled_from([("", "tpmap.empty_cell"), ("NA", "tpmap.empty_cell"), ("-", "tpmap.empty_cell"),
                     ("inf", "tpmap.not_finite"), ("#REF!", "tpmap.error_value"), ("สามสิบ", "tpmap.not_number")]),
)  # fmt: skip
_WAYS: dict[str, Callable[[str], str]] = {
    "as_is": str,
    "blanks": " {} ".format,
    "thai": lambda v: v.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")),
    "float": "{}.0".format,
    "grouped": lambda v: f"{int(v):,}",
    "zero_width": "\u200b".join,
    "as_text": '="{}"'.format,
}


@st.composite
def editions(draw: st.DrawFn) -> tuple[str, int, int, str | None, str, str, int]:
    name = draw(st.sampled_from([POOR, COMMON]))
    rows = _edition()[name]
    counted = [at for at, c in enumerate(rows[0]) if c not in ("province_ID", RATE, "happiness")]
    written, code = draw(st.one_of(_COUNT_FAULTS, st.sampled_from(sorted(_WAYS)).map(lambda way: (way, ""))))
    return (
        name,
        draw(st.integers(1, len(rows) - 1)),
        draw(st.sampled_from(counted)),
        code or None,
        written,
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp874"])),
        draw(st.integers(0, 2**32)),
    )


def _check_edition(drawn: tuple[str, int, int, str | None, str, str, int]) -> None:
    name, row, column, code, written, encoding, seed = drawn
    tables = {key: [list(line) for line in table] for key, table in _edition().items()}
    cell = tables[name][row]
    cell[column] = written if code else _WAYS[written](cell[column])
    rng = random.Random(seed)
    files = {}
    for key, table in tables.items():
        order = rng.sample(range(len(table[0])), len(table[0]))
        body = table[1:] if code else rng.sample(table[1:], len(table) - 1)
        text = _written(
            [[line[i] for i in order] for line in [table[0], *body]], ",", "\n", rng.random() < 0.3
        )
        # Windows-874 has no zero-width space.
        fits = encoding != "cp874" or "\u200b" not in text
        files[key] = text.encode(encoding if fits else "utf-8")
    batch = _imported(files)
    if code:
        [found] = [f for f in batch.report.rejections if f.code == code]
        assert (found.file, found.row, found.column) == (name, row + 1, tables[name][0][column])
        assert batch.report.refused and batch.observations.num_rows == 0
        return
    assert not batch.report.refused and not batch.report.warnings, [
        f.line("en") for f in batch.report.rejections
    ]
    pd.testing.assert_frame_equal(_observed(batch), _truth())
    assert _imported(files).import_id == batch.import_id


def test_an_edition_with_a_known_fault_has_its_verdict() -> None:
    assert (_truth()["indicator"] == "target_poor").sum() == 2 and TARGET in _edition()[POOR][0]
    examples("tpmap", editions(), _check_edition)


# ------------------------------------------------------------------------------------------------------------
# Bytes changed at random, through the workers


def _seeds(folder: Path) -> list[tuple[str, Path, dict[str, Any]]]:
    """Some forty sound files: reader, path, options."""
    import geopandas as gpd

    folder.mkdir()
    found: list[tuple[str, Path, dict[str, Any]]] = []
    for name, case in sorted(CASES.items()):
        if case.verdict == "reject" or case.name in (
            "map-many-corners",
            "sheet-long",
            "crosswalk-late-fault",
        ):
            continue
        kind = {
            "boundaries": "vector",
            "sheet": "sheet",
            "raster": "raster",
            "csv": "csv",
            "crosswalk": "csv",
        }.get(case.reader)
        if kind is None:
            continue
        for path in case.write(folder / "made" / name):
            target = folder / f"{name}{path.suffix}"
            shutil.copy(path, target)
            found.append((kind, target, {k: v for k, v in case.options.items() if k != "bounds"}))
    for path in sorted(sound_edition().glob("61_province_*.csv")):
        shutil.copy(path, folder)
        found.append(("csv", folder / path.name, {}))
    areas = gpd.GeoDataFrame(
        {"code": ["83", "84"], "name": ["ภูเก็ต", "สุราษฎร์ธานี"]},
        geometry=[shapely.box(98, 7, 99, 8), shapely.box(99, 8, 100, 9)],
        crs=4326,
    )
    for suffix, write in (("parquet", areas.to_parquet), ("geojson", areas.to_file)):
        write(folder / f"plain.{suffix}")
        found.append(("vector", folder / f"plain.{suffix}", {}))
    shutil.rmtree(folder / "made")
    by_kind: dict[tuple[str, str], list[tuple[str, Path, dict[str, Any]]]] = {}
    for one in found:
        by_kind.setdefault((one[0], one[1].suffix), []).append(one)
    # At most eight of a kind, so that no format crowds out the others.
    return [one for several in by_kind.values() for one in several[:8]]


def _mutated(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """One to three changes of the kinds that damage on the way or a hostile hand makes."""
    result = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 3])):
        size = max(1, len(result))
        at = rng.randrange(size)
        # Headers are where lengths and offsets stand.
        at = min(at, rng.choice([64, 512, size])) if rng.random() < 0.5 else at
        length = rng.randint(1, 64)
        # Cutting is rare: what is cut ends most readings at once.
        change = rng.choice([0, 0, 1, 1, 3, 4, 5, 5, 6, 6, 2])
        if change == 0 and result:
            result[min(at, len(result) - 1)] ^= 1 << rng.randrange(8)
        elif change == 1:
            result[at : at + length] = rng.randbytes(length)
        elif change == 2:
            del result[at:]
        elif change == 3:
            del result[at : at + length]
        elif change == 4:
            result[at:at] = result[at : at + length]
        elif change == 5:
            extreme = rng.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80"])
            result[at : at + 4] = extreme
        else:
            other = rng.choice(others)
            start = rng.randrange(max(1, len(other)))
            result[at : at + length] = other[start : start + length]
    return bytes(result)


def test_changed_bytes_are_a_table_or_a_refusal(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32) if EXPLORE else SEED
    print(f"seed {seed}")
    rng = random.Random(seed)
    seeds = _seeds(tmp_path / "seeds")
    kinds = Counter((kind, path.suffix) for kind, path, _ in seeds)
    assert len(seeds) >= 40 and len(kinds) >= 10, kinds
    blobs = [path.read_bytes() for _, path, _ in seeds]
    folder = tmp_path / "in"
    folder.mkdir()
    jobs = []
    for number in range(round(TOTAL * SHARES["bytes"])):
        kind, path, options = seeds[number % len(seeds)]
        target = folder / f"{number:06d}{path.suffix}"
        target.write_bytes(_mutated(blobs[number % len(seeds)], blobs, rng))
        jobs.append(Job(kind, target, options))
    before = {path.name: path.stat().st_size for path in folder.iterdir()}
    verdicts: Counter[str] = Counter()
    with Intake(workers=2, timeout=20) as intake:
        results = list(intake.read(jobs))
        # The pool that saw all this still reads.
        for kind, path, options in seeds:
            [sound] = intake.read([Job(kind, path, options)])
            assert sound.refusal is None, (path.name, sound.refusal)
    assert [r.job for r in results] == jobs
    for result in results:
        place = f"seed {seed}, {result.job.path.name}"
        refusals = [f for f in result.findings if f.severity == "reject"]
        assert (result.table is None) == bool(refusals), place
        verdicts[refusals[0].code if refusals else "table"] += 1
        for found in result.findings:
            assert found.found and found.expected and found.mend_th and found.mend_en, (place, found)
            assert found.file.startswith(result.job.path.name), (place, found.file)
            assert "Traceback" not in found.line("en") and str(tmp_path) not in found.line("en"), place
        if result.table is not None and result.job.kind == "csv" and "header_rows" not in result.job.options:
            _same_as_csv(result, place)
    print(f"seed {seed}: {dict(verdicts.most_common())}")
    assert verdicts["table"] > len(jobs) // 50 and len(verdicts) > min(15, len(jobs) // 20), verdicts
    # A crash is a verdict too, but a reader that often crashes has lost its checks.
    assert verdicts["intake.crashed"] + verdicts["intake.timeout"] <= max(1, len(jobs) // 200), verdicts
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == before


def _same_as_csv(result: Result, place: str) -> None:
    """Every cell of an accepted CSV is what Python's csv module reads there."""
    table = result.table
    text, _ = decode(result.job.path.read_bytes(), "x")
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=result.facts["delimiter"]))
    names = [name for name in table.column_names if name != ROW]
    for row in table.to_pylist():
        assert [row[name] for name in names] == lines[row[ROW] - 1], place
    assert table.num_rows == sum(line not in ([], [""]) for line in lines[result.facts["header_row"] :]), (
        place
    )


def test_a_refusal_can_be_copied() -> None:
    """Findings are plain data: what a worker says can be relabelled for a folder without losing a word."""
    found = next(iter(_walk(b"")[1].rejections))
    assert replace(found, file="a/b.csv").line("th").startswith("a/b.csv")
