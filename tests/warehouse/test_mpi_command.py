"""`daomap mpi compute`: the same figures by hand, nothing half-written, and every fault named."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analytics.mpi_specs import load_spec, read_spec
from analytics.survey_columns import DEPRIVATIONS, HOUSEHOLD, PERSON
from tests.surveys import ADULT, ELDER, NOBODY, YEAR, survey
from warehouse import mpi_engine, mpi_inputs
from warehouse.cli import main
from warehouse.mpi_engine import EngineError, java, open_engine
from warehouse.sources.mpi import read_mpi

AREAS = ("341201", "341202", "34130101", "34130102", "501101")
INDICATORS = [f"ind{n}" for n in DEPRIVATIONS]


def people(count: int = 400, seed: int = 5) -> tuple[pa.Table, pa.Table]:
    """Households of many kinds in the areas, answers drawn with a seed, some missing."""
    dice = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        members = []
        for kind in dice.choice(3, size=dice.integers(1, 5)):
            member: dict[str, Any] = (NOBODY, ADULT, ELDER)[kind] | {"sex": str(dice.choice(["m", "f"]))}
            if kind == 0:
                member |= {"age": int(dice.integers(0, 15)), "birth_weight_g": int(dice.integers(2000, 4000))}
            for name in (c.name for c in PERSON if c.kind == "truth"):
                if dice.random() < 0.1:
                    member[name] = (True, False, None)[dice.integers(3)]
            members.append(member)
        home: dict[str, Any] = {
            "area_code": str(dice.choice(AREAS)),
            "income_main": float(dice.integers(0, 400_000)),
        }
        for name in dice.choice([c.name for c in HOUSEHOLD if c.kind == "truth"], 2):
            if dice.random() < 0.3:
                home[str(name)] = (False, None)[dice.integers(2)]
        cases.append((members, home))
    persons, households = survey(cases)
    return persons, households.drop_columns(["weight", "stratum", "cluster"])


def put(folder: Path, **tables: pa.Table) -> Path:
    """Write tables as folders of one part each."""
    for name, table in tables.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(table, folder / name / "part-0.parquet")
    return folder


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    persons, households = people()
    return put(tmp_path_factory.mktemp("survey"), persons=persons, households=households)


def compute(out: Path, *arguments: object) -> int:
    return main(["mpi", "compute", *map(str, arguments), "--out", str(out), "--language", "en"])


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def results(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results") / "new" / "mpi"
    assert compute(out, inputs, "--by", "sex", "--by", "age_group") == 0
    return out


def by_hand(inputs: Path) -> pd.DataFrame:
    """Every person with his or her deprivations, one by one."""
    engine = open_engine("duckdb", [str(inputs)], scratch=inputs, threads=1, memory_mb=512)
    with engine:
        from analytics.deprivation_rules import deprivations

        persons, households = (engine.read([str(inputs / name)]) for name in ("persons", "households"))
        return engine.run(deprivations(persons, households, year=YEAR)).to_pandas(types_mapper=pd.ArrowDtype)


def test_every_area_and_subgroup_has_the_figures_counted_by_hand(inputs: Path, results: Path) -> None:
    rows = by_hand(inputs)
    assert load_spec("tpmap12").missing == "not_deprived"
    deprived = (rows[INDICATORS] == 1).fillna(False).astype(bool)
    weights = {i.column: float(i.weight) for i in load_spec("tpmap12").indicators}
    rows = rows.assign(
        poor=deprived.any(axis=1),
        score=sum(deprived[c].astype(float) * weights[c] for c in INDICATORS),
        failed_07=deprived["ind07"],
    )
    found = pd.read_parquet(results / "results.parquet")
    assert found["level"].unique().tolist() == ["country", "province", "district", "subdistrict"]
    checked = 0
    for level, digits in (("country", 0), ("province", 2), ("district", 4), ("subdistrict", 6)):
        area = rows["area_code"].str[:digits] if digits else pd.Series("TH", index=rows.index)
        for column in ("", "sex", "age_group"):
            keys = [area.rename("area_code")]
            if column:
                keys.append(rows[column].fillna("").rename("subgroup"))
            for key, group in rows.groupby(keys):
                code, name = key[0], f"{column}={key[1]}" if column else ""
                own = found[
                    (found["level"] == level) & (found["area_code"] == code) & (found["subgroup"] == name)
                ]
                value = own.set_index(["measure", "indicator"])["value"]
                ids = {i.column: i.id for i in load_spec("tpmap12").indicators}
                assert value["n", ""] == len(group) and set(own["n"]) == {len(group)}
                assert value["poor", ""] == group["poor"].sum()
                assert value["H", ""] == pytest.approx(group["poor"].mean(), abs=1e-12)
                assert value["M0", ""] == pytest.approx(group["score"].mean(), abs=1e-12)
                assert value["uncensored", ids["ind07"]] == pytest.approx(
                    group["failed_07"].mean(), abs=1e-12
                )
                checked += 1
    assert checked == found.groupby(["level", "area_code", "subgroup"]).ngroups > 40


def test_the_folder_says_where_its_figures_come_from(inputs: Path, results: Path) -> None:
    names = {"manifest.json", "profiles.parquet", "results.csv", "results.parquet", "specification.toml"}
    assert {file.name for file in results.iterdir()} == names
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    assert {f["input"] + "/" + f["file"]: f["sha256"] for f in manifest["inputs"]} == {
        str(file): sha256(file) for file in inputs.rglob("*.parquet")
    }
    for name in names - {"manifest.json"}:
        assert manifest["files"][name] == {
            "bytes": (results / name).stat().st_size,
            "sha256": sha256(results / name),
        }
    assert (results / "specification.toml").read_text(encoding="utf-8") == load_spec("tpmap12").entry
    assert manifest["year"] == YEAR and manifest["income_line"] == {"baht": 38_000, "given": False}
    assert manifest["engine"]["name"] == "duckdb" and set(manifest["engine"]["versions"]) == {
        "duckdb",
        "ibis-framework",
    }
    profiles = pd.read_parquet(results / "profiles.parquet")
    assert profiles["persons"].sum() == manifest["persons"] == pq.read_table(inputs / "persons").num_rows
    lacking = {m["indicator"]: m for m in manifest["missing"]}[""]
    assert lacking["rows"] == profiles.loc[profiles["missing"] > 0, "persons"].sum() > 0
    assert lacking["left_out"] == 0  # as the specification says
    table = pd.read_parquet(results / "results.parquet")
    assert len(table) == manifest["result_rows"]
    groups = table[table["measure"] == "n"]
    assert manifest["groups_below_minimum"] == {"minimum": 5, "groups": int((groups["n"] < 5).sum())}
    written = pd.read_csv(
        results / "results.csv", dtype={"area_code": str}, keep_default_na=False, na_values={"value": ""}
    )
    pd.testing.assert_frame_equal(written, table.astype({"subgroup": object}), check_dtype=False)
    if os.name != "nt":
        # Small counts of persons: nobody else on the machine reads them.
        assert results.stat().st_mode & 0o077 == 0


def test_partitioned_input_json_and_a_choice_of_level_k_and_year(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("persons", "households"):
        table = pq.read_table(inputs / name).drop_columns("year")
        half = table.num_rows // 2
        for at, (year, part) in enumerate(
            ((2022, table.slice(0, half)), (2022, table.slice(half)), (2021, table))
        ):
            folder = tmp_path / "in" / name / f"year={year}" / f"part={at:02d}"
            folder.mkdir(parents=True)
            pq.write_table(part, folder / "x.parquet")
        (tmp_path / "in" / name / "_SUCCESS").touch()
    options = ["--json", "--level", "province", "--k", "26 %", "--year-be", 2565, "--income-line", 40_000]
    assert compute(tmp_path / "out", tmp_path / "in", *options) == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest == json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["specification"]["k"] == "13/50" and manifest["levels"] == ["country", "province"]
    assert (
        read_spec((tmp_path / "out" / "specification.toml").read_text(encoding="utf-8"), "x").id
        == "tpmap12_own"
    )
    assert manifest["income_line"] == {"baht": 40_000, "given": True}
    assert len(manifest["inputs"]) == 6
    rows = by_hand(inputs)
    assert manifest["persons"] == len(rows)
    # Without a year, and with one that is not there.
    capsys.readouterr()
    assert compute(tmp_path / "none", tmp_path / "in") == 1
    assert "2564 (2021), 2565 (2022)" in capsys.readouterr().err
    assert compute(tmp_path / "none", tmp_path / "in", "--year-be", 2560) == 1
    assert not (tmp_path / "none").exists()


def test_a_table_of_achievements_gives_the_worked_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = np.array([[13.1, 14, 4, 1], [15.2, 7, 5, 0], [12.5, 10, 1, 0], [20.0, 11, 3, 1]])
    table = pa.table({f"x{i + 1}": matrix[:, i] for i in range(4)}).append_column(
        "year", pa.array([2022] * 4)
    )
    put(tmp_path, d=table.append_column("area_code", pa.array(["34", "34", "50", "50"])))
    assert compute(tmp_path / "out", tmp_path / "d", "--spec", "af_example") == 0
    out = capsys.readouterr().out
    assert "H 0.500000, A 0.750000, M0 0.375000" in out and "not to be" in out
    found = pd.read_parquet(tmp_path / "out" / "results.parquet").query("measure == 'M0'")
    assert found.set_index("area_code")["value"].to_dict() == {"TH": 0.375, "34": 0.25, "50": 0.5}


# -- what is refused --------------------------------------------------------------


def put_in(table: pa.Table, column: str, value: Any, rows: int = 1) -> pa.Table:
    """The first rows of a column replaced."""
    at = table.column_names.index(column)
    kept = table.column(column).slice(rows)
    changed = pa.chunked_array([pa.array([value] * rows, type=kept.type), *kept.chunks])
    return table.set_column(at, column, changed)


def with_weight(households: pa.Table, *first: float | None) -> pa.Table:
    return households.append_column(
        "weight", pa.array([*first, *[1.0] * (households.num_rows - len(first))], pa.float64())
    )


def one_more(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(0, 1)])


Change = Callable[[pa.Table], pa.Table]
WRONG: dict[str, tuple[str, Change, tuple[str, ...]]] = {
    "an impossible age": (
        "persons",
        lambda t: put_in(t, "age", 131),
        ("persons column age", "1 แถว", "0-130"),
    ),
    "no key": ("persons", lambda t: put_in(t, "person_id", None), ("person_id", "not null")),
    "a person twice": ("persons", one_more, ("persons column person_id", "once a year")),
    "a household twice": ("households", one_more, ("households column household_id", "once a year")),
    "a person of no household": (
        "households",
        lambda t: t.slice(1),
        ("persons column household_id", "household_id in households"),
    ),
    "another word for sex": (
        "persons",
        lambda t: put_in(t, "sex", "female", 3),
        ("column sex", "3 แถว", "m, f"),
    ),
    "a code of a district": (
        "households",
        lambda t: put_in(t, "area_code", "3412"),
        ("area_code", "6, 8 digits"),
    ),
    "no code": ("households", lambda t: put_in(t, "area_code", None), ("area_code", "1 แถว")),
    "an endless income": (
        "households",
        lambda t: put_in(t, "income_other", float("inf")),
        ("column income_other", "baht a year"),
    ),
    "weights": (
        "households",
        lambda t: with_weight(t, -1.0, None, float("nan"), float("inf"), 0.0),
        ("column weight", "4 แถว", ">= 0"),
    ),
    "a number as text": (
        "persons",
        lambda t: t.set_column(t.column_names.index("age"), "age", pc.cast(t.column("age"), pa.string())),
        ("persons: age", "string", "int64"),
    ),
    "a column gone": ("households", lambda t: t.drop_columns("area_code"), ("households: area_code",)),
    "a person of no year": (
        "persons",
        lambda t: put_in(t, "year", None),
        ("persons: year", "1 แถว", "fill the year"),
    ),
    "weights of persons": (
        "persons",
        lambda t: with_weight(t).append_column("cluster", pa.array(["1"] * t.num_rows)),
        ("persons: weight, cluster", "table of households"),
    ),
    "a household of no year": (
        "households",
        lambda t: put_in(t, "year", None),
        ("households: year", "1 แถว"),
    ),
    "a person of another year than the household": (
        "persons",
        lambda t: put_in(t, "year", 2021),
        ("persons column year", "1 แถว", "2022 (year of the household)"),
    ),
    "Buddhist years": (
        "households",
        lambda t: put_in(t, "year", 2565, t.num_rows),
        ("households: year", "Buddhist", "2565 -> 2022"),
    ),
    "another year": ("households", lambda t: put_in(t, "year", 2023, t.num_rows), ("--income-line", "2566")),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_counted_is_refused_with_its_place(
    name: str, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, change, words = WRONG[name]
    tables = {n: pq.read_table(inputs / n) for n in ("persons", "households")}
    tables[where] = change(tables[where])
    put(tmp_path / "in", **tables)
    assert compute(tmp_path / "out" / "mpi", tmp_path / "in") == 1
    told = capsys.readouterr()
    for word in words:
        assert word in told.out + told.err
    assert list((tmp_path / "out").iterdir()) == []


def deprivations(**columns: Any) -> pa.Table:
    rows: dict[str, Any] = {"area_code": ["341201"] * 3, "year": [2022] * 3}
    return pa.table(rows | {c: pa.array([0, 1, None], pa.int8()) for c in INDICATORS} | columns)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"ind22": pa.array([0, 3, -1], pa.int8())}, ("column ind22", "2 แถว", "0, 1, 2, null")),
        ({"ind22": pa.array([0.0, 1.0, None])}, ("deprivations: ind22", "float64")),
        ({"ind22": pa.array([True, False, None])}, ("deprivations: ind22", "boolean")),
        ({"area_code": [341201, 341201, 341201]}, ("deprivations: area_code", "int64")),
        ({"area_code": ["341201", "3412", "34 1201"]}, ("area_code", "1 แถว", "digits")),
        ({"year": [2022, 2022, None]}, ("year", "1 แถว", "fill the year")),
        ({"year": [2022.0, 2022.0, None]}, ("deprivations: year", "float64", "whole number")),
        ({"year": [2565] * 3}, ("2565 (3 แถว", "1900-2200", "Buddhist", "2565 -> 2022")),
        ({"year": [2022, 2022, 22]}, ("22 (1 แถว", "correct the years")),
        ({"weight": [1.0, 1.0, -0.5]}, ("column weight",)),
        ({"weight": ["1", "1.5", "many"]}, ("deprivations: weight", "string", "numbers")),
    ],
)
def test_a_table_of_deprivations_is_looked_over(
    columns: dict[str, Any], words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, d=deprivations(**columns))
    assert compute(tmp_path / "out", tmp_path / "d") == 1
    told = capsys.readouterr()
    for word in words:
        assert word in told.out + told.err


def test_rows_without_a_year_are_refused_also_where_a_year_is_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, d=deprivations(year=[2022, 2022, None]))
    assert compute(tmp_path / "out", tmp_path / "d", "--year-be", 2565) == 1
    assert "1 แถวไม่มีปี / rows without a year" in capsys.readouterr().err


def test_a_year_outside_the_specifications_is_told_with_the_result(tmp_path: Path) -> None:
    put(tmp_path, d=deprivations(year=[2024] * 3), e=deprivations())
    for name, told in (("d", ["mpi.years_be"]), ("e", [])):
        assert compute(tmp_path / f"out-{name}", tmp_path / name) == 0
        manifest = json.loads((tmp_path / f"out-{name}" / "manifest.json").read_text(encoding="utf-8"))
        assert [w["code"] for w in manifest["warnings"]] == told
    line = json.loads((tmp_path / "out-d" / "manifest.json").read_text(encoding="utf-8"))["warnings"][0]
    assert "2567 (2024): 3 แถว" in line["found"] and "2560-2565" in line["expected"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--k", "1.5"], 1, ("k", "1.5")),
        (["--spec", "nothing"], 1, ("nothing", "tpmap12")),
        (["--spec", "af_example"], 1, ("x1",)),
        (["--by", "shoe_size"], 2, ("shoe_size", "sex")),
        (["--by", "profile"], 2, ("profile",)),
        (["--by", "level"], 2, ("level",)),
        (["--level", "village"], 2, ("village", "subdistrict")),
        (["--master", "local"], 2, ("--engine spark",)),
    ],
)
def test_options_that_do_not_fit_are_told(
    options: list[str],
    code: int,
    words: tuple[str, ...],
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert compute(tmp_path / "out", inputs, *options) == code
    told = capsys.readouterr()
    for word in words:
        assert word in told.err
    assert list(tmp_path.iterdir()) == []


def test_results_of_the_country_alone_can_be_imported(inputs: Path, tmp_path: Path) -> None:
    assert compute(tmp_path / "out", inputs, "--level", "country", "--by", "sex") == 0
    assert set(pd.read_parquet(tmp_path / "out" / "profiles.parquet")["area_code"]) == {"TH"}
    batch = read_mpi(tmp_path / "out", cells="synthetic")
    assert not batch.report.refused and batch.report.rows_read


def test_one_short_code_is_told_where_it_coarsens_everybody(tmp_path: Path) -> None:
    put(tmp_path, d=deprivations(area_code=["341201", "34120101", "3412"]))
    for name, options, told in (("a", [], ["mpi.short_code"]), ("b", ["--level", "district"], [])):
        assert compute(tmp_path / name, tmp_path / "d", *options) == 0
        manifest = json.loads((tmp_path / name / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["levels"][-1] == "district"
        assert [w["code"] for w in manifest["warnings"]] == told
    assert (
        "district: 1 แถว"
        in json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))["warnings"][0]["found"]
    )


def test_an_input_named_twice_is_counted_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, d=deprivations())
    assert compute(tmp_path / "out", tmp_path / "d", tmp_path / "d" / ".." / "d") == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["persons"] == 3
    assert compute(tmp_path / "twice", tmp_path / "d", tmp_path / "d" / "part-0.parquet") == 1
    assert "each file once" in capsys.readouterr().err


def test_the_outcome_in_thai_says_the_rule_of_missing_values_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, d=deprivations())
    arguments = ["mpi", "compute", str(tmp_path / "d"), "--out", str(tmp_path / "out"), "--language", "th"]
    assert main(arguments) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "ตัดออก" in line]
    assert lines and all(line.endswith("ตัดออก 0 (not_deprived)") for line in lines)


def test_survey_tables_find_households_and_no_single_person_poor(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = load_spec("tpmap12").entry.replace('identification = "household"', 'identification = "person"')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert compute(tmp_path / "out", inputs, "--spec", tmp_path / "mine.toml") == 1
    assert 'identification = "person"' in capsys.readouterr().err
    # Where every row is a person's own, it is an index of persons.
    put(tmp_path, d=deprivations())
    assert compute(tmp_path / "out", tmp_path / "d", "--spec", tmp_path / "mine.toml") == 0


@pytest.mark.parametrize("wrong", [["--year-be", "2022"], ["--income-line", "0"], ["--engine", "dask"]])
def test_wrong_usage_is_code_2(wrong: list[str], inputs: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as left:
        compute(tmp_path / "out", inputs, *wrong)
    assert left.value.code == 2


def test_inputs_that_are_no_parquet_or_do_not_belong_together(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.parquet").write_text("no parquet")
    (tmp_path / "empty").mkdir()
    put(tmp_path, other=pa.table({"a": [1]}))
    for given, word in (
        ([tmp_path / "x.parquet"], "x.parquet"),
        ([tmp_path / "empty"], "*.parquet"),
        ([tmp_path / "gone"], "*.parquet"),
        ([inputs / "persons"], "persons + households"),
        ([tmp_path / "other"], "household_id"),
    ):
        assert compute(tmp_path / "out", *given) == 1
        assert word in capsys.readouterr().err
    (tmp_path / "out").mkdir()
    assert compute(tmp_path / "out", inputs) == 1
    assert "exists" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


# -- nothing is left behind ---------------------------------------------------------


@pytest.mark.parametrize("how", ["interrupt", "terminate", "fault", "disk"])
def test_a_computation_cut_short_leaves_nothing(
    how: str, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object, **__: object) -> None:
        assert [p.suffix for p in tmp_path.iterdir()] == [".part"]
        if how == "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
        raise {
            "interrupt": KeyboardInterrupt(),
            "terminate": AssertionError("the signal was not heeded"),
            "fault": EngineError("ล้มเหลว", "failed"),
            "disk": OSError(28, "No space left on device"),
        }[how]

    monkeypatch.setattr(mpi_inputs, "read_input", cut)
    before = signal.getsignal(signal.SIGTERM)
    assert compute(tmp_path / "out", inputs) == 1
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_duckdb_sees_its_inputs_and_nothing_else(inputs: Path, tmp_path: Path) -> None:
    put(tmp_path, other=pa.table({"a": [1]}))
    with open_engine("duckdb", [str(inputs)], scratch=tmp_path / "s", threads=1, memory_mb=512) as engine:
        assert engine.read([str(inputs / "persons")]).columns
        with pytest.raises(mpi_inputs.SurveyError):
            engine.read([str(tmp_path / "other")])


def test_faults_of_an_engine_quote_no_rows(tmp_path: Path) -> None:
    put(tmp_path, d=pa.table({"year": ["นางสาว ก"]}))
    with open_engine("duckdb", [str(tmp_path)], scratch=tmp_path / "s", threads=1, memory_mb=512) as engine:
        table = engine.read([str(tmp_path / "d")])
        with pytest.raises(EngineError) as raised:
            engine.run(table)
    assert "นางสาว" not in raised.value.text("th") + raised.value.text("en")


def test_spark_without_java_says_what_to_install(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mpi_engine, "java", lambda: None)
    assert compute(tmp_path / "out", inputs, "--engine", "spark") == 1
    assert ("JAVA_HOME" in (told := capsys.readouterr().err)) or "uv sync --group spark" in told
    monkeypatch.setattr(mpi_engine, "find_spec", lambda _: None)
    assert compute(tmp_path / "out", inputs, "--engine", "spark") == 1
    assert "uv sync --group spark" in capsys.readouterr().err


def test_spark_gives_what_duckdb_gives(
    inputs: Path, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed (uv sync --group spark)")
    if java() is None:
        pytest.skip("there is no Java (Debian: default-jre-headless)")
    # A small job ends before a thorough compiler has paid for itself.
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    options = ["--engine", "spark", "--master", "local[1]", "--by", "sex", "--by", "age_group"]
    assert compute(tmp_path / "out", inputs, *options) == 0
    for name in ("profiles.parquet", "results.parquet"):
        ours, other = (pd.read_parquet(folder / name) for folder in (results, tmp_path / "out"))
        pd.testing.assert_frame_equal(ours, other, check_exact=True)
    of_spark, of_duckdb = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (tmp_path / "out", results)
    )
    assert set(of_spark["engine"]["versions"]) == {"pyspark", "ibis-framework"}
    for key in ("country", "missing", "persons", "result_rows", "warnings", "inputs"):
        assert of_spark[key] == of_duckdb[key], key
