"""Profiles of deprivation: from TPMAP's overlap and from computed indices into a snapshot, and out of it again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analytics.catalogue import MASKS, load_catalogue
from analytics.mpi_catalogue import catalogue_entries, observed
from analytics.mpi_specs import load_spec, read_spec, shipped_specs
from analytics.mpi_toml import spec_toml
from analytics.overlap import alkire_foster, exactly
from geo.codes import official_areas
from tests.mpi_tables import spec_of
from tests.warehouse.batches import batch
from warehouse.cli import main
from warehouse.computed_layers import computed_layer
from warehouse.mpi import LEVELS, OVERLAP, WIDTH, Question, adjusted, upper_areas
from warehouse.mpi_layers import mpi_url, shown
from warehouse.publish import known_imports, publish_batches
from warehouse.query import Warehouse
from warehouse.report import ImportRefused, QueryError
from warehouse.settings import Settings
from warehouse.snapshots import Store, StoreError, file_sha256
from warehouse.sources.modelled_lights import import_modelled
from warehouse.sources.mpi import profiles_batch, read_mpi

SPEC = load_spec("global_mpi")
Row = tuple[str, int, int, float]
"""Area, profile, persons counted, and whom they stand for."""

PEOPLE: list[tuple[str, str, int, int, int, float]] = [
    # area, sex, profile, missing, persons, weight
    ("950101", "f", 0b0000000000, 0, 6, 6.0),
    ("950101", "m", 0b0000000011, 0, 2, 2.0),
    ("950102", "f", 0b1111111111, 0, 1, 1.0),
    ("950102", "m", 0b0000010000, 0, 3, 3.0),
    ("950151", "f", 0b0000000001, 0, 4, 4.0),
    ("960101", "m", 0b0000001100, 0, 1, 2.5),
    ("960101", "m", 0b0000000000, 0b1, 5, 5.0),
]


def folder_of(
    root: Path, people: Iterable[tuple[Any, ...]] = PEOPLE, name: str = "out", **changed: Any
) -> Path:
    """A folder as ``daomap mpi compute`` writes it."""
    folder = root / name
    folder.mkdir()
    frame = pd.DataFrame(
        list(people), columns=["area_code", "sex", "profile", "missing", "persons", "weight"]
    )
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / "profiles.parquet")
    (folder / "specification.toml").write_text(SPEC.entry, encoding="utf-8")
    manifest: dict[str, Any] = {
        "command": "daomap mpi compute",
        "year": 2022,
        "levels": ["country", "province", "district", "subdistrict"],
        "by": ["sex"],
        "persons": int(frame["persons"].sum()),
        "specification": {"id": SPEC.id, "k": str(SPEC.k)},
        "files": {
            file.name: {"bytes": file.stat().st_size, "sha256": file_sha256(file)}
            for file in folder.iterdir()
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | changed), encoding="utf-8")
    return folder


def bare_home(home: Path) -> Store:
    """A home without a single official figure, where made-up persons may come in."""
    store = Store(home)
    publish_batches(store, Settings(), [import_modelled()], fresh=True)
    return store


def every_sum(codes: Iterable[str], finest: str) -> dict[str, frozenset[str]]:
    """Stands in for `warehouse.mpi.upper_areas` where a few persons are to have sums at every level."""
    codes = list(codes)
    widths = {level: WIDTH.get(level, 0) for level in LEVELS[: LEVELS.index(finest)]}
    return {level: frozenset(c[:n] if n else "TH" for c in codes) for level, n in widths.items()}


@pytest.fixture(scope="module", autouse=True)
def few_are_enough() -> Iterator[None]:
    """Tests here count a handful of persons; what is asked of real ones has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.mpi.upper_areas", every_sum)
        yield


def opened(store: Store) -> Warehouse:
    return Warehouse.open(store)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot with the folder of `PEOPLE`, through the command line, and an overlap of two areas and a half."""
    root = tmp_path_factory.mktemp("mpi")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAOMAP_HOME", str(root / "home"))
        store = Store(root / "home")
        cells = [
            (code, f"overlap_cell_{mask}", 2018, float(n + start))
            for code, start in (("95", 1), ("96", 0), ("94", 5))
            for n, mask in enumerate(MASKS)
            if (code, mask) != ("94", "01010")
        ]
        whole = {(code, name): 1000.0 for code, name, _, _ in cells}
        hidden = [("96", "overlap_cell_00001")]
        publish_batches(
            store,
            Settings(),
            [batch(cells, source="cells", denominators=whole, suppressed=hidden)],
            fresh=True,
        )
        code = main(["import", "mpi", str(folder_of(root)), "--synthetic", "--title", "ประเทศจำลอง"])
        assert code == 0
    return root / "home"


@pytest.fixture(scope="module")
def house(home: Path) -> Warehouse:
    return opened(Store(home))


KEY = "mpi-global-mpi-synthetic"


def test_what_there_is_is_told_with_its_levels_years_and_whether_it_is_made_up(house: Warehouse) -> None:
    computed, overlap = house.mpi.editions
    assert (computed.key, computed.years, computed.made_up) == (KEY, (2022,), True)
    assert computed.levels == {2022: ("country", "province", "district", "subdistrict")}
    assert computed.subgroups == ("sex=f", "sex=m")
    assert computed.spec.id == "global_mpi" and computed.spec.k == Fraction(1, 3)
    assert (overlap.key, overlap.years, overlap.sources) == (OVERLAP, (2018,), {2018: "cells"})
    # A sum above areas one of which is hidden would not be one.
    assert "province" in overlap.levels[2018]
    assert house.source(KEY)["title_th"] == "ข้อมูลสังเคราะห์ ประเทศจำลอง"


def test_profiles_add_up_to_every_level(house: Warehouse) -> None:
    finest = house.mpi.profiles(KEY, "subdistrict", "TH", 2022)
    assert [tuple(row) for row in finest.itertuples(index=False)] == sorted(
        (area, profile, missing, weight, n) for area, _, profile, missing, n, weight in PEOPLE
    )
    for level, within, expected in (
        ("district", "95", {"9501": 16.0}),
        ("province", "TH", {"95": 16.0, "96": 7.5}),
        ("country", "TH", {"TH": 23.5}),
        ("subdistrict", "9501", {"950101": 8.0, "950102": 4.0, "950151": 4.0}),
        ("subdistrict", "950102", {"950102": 4.0}),
    ):
        found = house.mpi.profiles(KEY, level, within, 2022)
        assert found.groupby("area_code")["persons"].sum().to_dict() == expected
        assert not found.duplicated(["area_code", "profile", "missing"]).any()
    women = house.mpi.profiles(KEY, "country", "TH", 2022, "sex=f")
    assert women["persons"].sum() == 11.0 and set(women["profile"]) == {0, 1, 0b1111111111}


def test_the_overlap_is_read_as_profiles_of_five_dimensions(house: Warehouse) -> None:
    found = house.mpi.profiles(OVERLAP, "province", "TH", 2018)
    # One area has a hidden cell, another lacks one.
    assert set(found["area_code"]) == {"95"}
    persons = found.set_index("profile")["persons"]
    assert persons[0b00001] == MASKS.index("10000") + 1  # health, the first letter and the lowest bit
    assert persons[0b10000] == MASKS.index("00001") + 1
    assert persons[0b00110] == MASKS.index("01100") + 1
    assert persons[0] == 1000 - sum(range(1, 32)) and persons.sum() == 1000


def test_the_overlap_measures_what_the_overlap_table_says(house: Warehouse) -> None:
    cells = {mask: [n + 1] for n, mask in enumerate(MASKS)}
    table = alkire_foster({k: float(v[0]) for k, v in exactly(cells).items()}, 1000)
    for row in table.itertuples():
        found = house.mpi.measures(Question(OVERLAP, "province", "TH", 2018, 20 * row.k)).loc["95"]
        assert (found["H", ""], found["A", ""], found["M0", ""]) == pytest.approx(
            (row.H, row.A, row.M0), rel=1e-12
        )


def test_measures_of_the_own_cut_off_are_indicators_like_any_other(house: Warehouse) -> None:
    names = {e.id for e in catalogue_entries(SPEC)}
    assert names <= set(load_catalogue()) and names <= set(house.indicators_with_data("district"))
    heads = house.values(observed(SPEC, "h"), level="province", year=2022).set_index("area_code")
    # Poor from 1/3: two of the sixteen in health, one in everything, and none by a single indicator. The unknown are left out.
    assert (heads.at["95", "value"], heads.at["95", "numerator"], heads.at["95", "denominator"]) == (
        pytest.approx(100 * 3 / 16), 3.0, 16.0,
    )  # fmt: skip
    assert (heads.at["96", "value"], heads.at["96", "denominator"]) == (100.0, 2.5)
    assert pd.isna(heads.at["94", "value"])
    adjusted_heads = house.values(observed(SPEC, "m0"), level="country", year=2022)["value"].iloc[0]
    assert adjusted_heads == pytest.approx((2 / 3 + 1 * 1 + 2.5 / 3) / 18.5)
    nutrition = house.values(observed(SPEC, "c", "nutrition"), level="subdistrict", year=2022, within="9501")
    by_code = nutrition.set_index("area_code")["value"]
    assert (by_code["950101"], by_code["950102"], by_code["950151"]) == (25.0, 25.0, 0.0)
    # Nobody is poor there, and a mean over nobody is not zero.
    depth = house.values(observed(SPEC, "a"), level="subdistrict", year=2022, within="9501")
    assert pd.isna(depth.set_index("area_code")["value"].get("950151", float("nan")))
    assert set(nutrition["source_id"].dropna()) == {KEY}


def test_what_missing_answers_cost_is_told_by_area(house: Warehouse) -> None:
    cost = house.mpi.missing(KEY, "province", "TH", 2022)
    assert SPEC.missing == "drop"
    assert cost.loc["95"].to_dict() == {"rows": 0, "left_out": 0, "asked": 16}
    assert cost.loc["96"].to_dict() == {"rows": 5, "left_out": 5, "asked": 6}
    # Whom the rule leaves out is in no measure.
    measured = house.mpi.measures(Question(KEY, "province", "TH", 2022, None, ()))
    assert measured.loc["96"]["n", ""] == 2.5
    assert house.mpi.missing(OVERLAP, "province", "TH", 2018)["rows"].sum() == 0


def test_other_cut_offs_and_weights_are_worked_out_when_asked(house: Warehouse) -> None:
    union = house.mpi.measures(Question(KEY, "province", "TH", 2022, 0)).loc["95"]
    assert (union["H", ""], union["poor", ""]) == (10 / 16, 10.0)
    # All weight on education: only who is deprived in everything.
    moved = house.mpi.measures(Question(KEY, "province", "TH", 2022, 50, (0, 50, 0)))
    assert moved.loc["95"][("poor", "")] == 1.0 and moved.loc["96"][("H", "")] == 1.0
    single = house.mpi.measures(Question(KEY, "province", "TH", 2022, 1, (0,) * 9 + (7,)))
    assert single.loc["95"][("poor", "")] == 1.0
    with pytest.raises(QueryError, match="found 4 weights, expected 3 or 10"):
        house.mpi.measures(Question(KEY, "province", "TH", 2022, None, (1, 2, 3, 4)))
    with pytest.raises(QueryError, match="not all of them 0"):
        adjusted(SPEC, None, (0, 0, 0))


@pytest.mark.parametrize(
    ("key", "level", "within", "year"),
    [("nobody", "province", "TH", 2022), (KEY, "province", "TH", 2021), (KEY, "village", "TH", 2022),
     (KEY, "province", "9501", 2022), (OVERLAP, "district", "TH", 2018), (KEY, "district", "00", 2022)],
)  # fmt: skip
def test_what_is_not_there_is_refused(house: Warehouse, key: str, level: str, within: str, year: int) -> None:
    with pytest.raises(QueryError):
        house.mpi.profiles(key, level, within, year)


def test_the_layer_has_the_values_that_the_list_has(house: Warehouse, home: Path) -> None:
    question = Question(KEY, "province", "TH", 2022, 40, (10, 20, 30))
    url = mpi_url(house, question, "h", "TH")
    assert url is not None
    assert url.endswith(f"/province/TH/computed/mpi.1~{KEY}~40~10.20.30~h~2022.geojson")
    spec = url.rsplit("/", 1)[1].removesuffix(".geojson")
    raw = computed_layer(Store(home).snapshots, house.snapshot, "province", "TH", spec)
    assert raw is not None
    features = json.loads(gzip.decompress(raw))["features"]
    found = {f["properties"]["code"]: f["properties"]["value"] for f in features}
    expected = shown(house.mpi.measures(question), "h")
    assert {c: v for c, v in found.items() if v is not None} == expected.round(4).to_dict()
    for wrong in (
        spec.replace("~h~", "~c_nobody~"), spec.replace("10.20.30", "10.20"), spec.replace("~40~", "~400~"),
        spec.replace("~2022", "~2023"), spec.replace(KEY, "nobody"), spec.replace("~h~2022", "~h"),
        spec.replace("10.20.30", "0.0.0"),
    ):  # fmt: skip
        assert computed_layer(Store(home).snapshots, house.snapshot, "province", "TH", wrong) is None, wrong


def test_a_year_that_arrives_again_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    first = read_mpi(folder_of(tmp_path), cells="synthetic")
    info = publish_batches(store, Settings(), [first], fresh=True)
    assert first.import_id in known_imports(info)
    second = read_mpi(folder_of(tmp_path, PEOPLE[:2], "less"), cells="synthetic")
    publish_batches(store, Settings(), [second])
    house = opened(store)
    assert house.mpi.profiles(KEY, "country", "TH", 2022)["persons"].sum() == 8.0
    heads = house.values(observed(SPEC, "h"), level="province", year=2022).set_index("area_code")["value"]
    assert heads["95"] == 25.0 and pd.isna(heads["96"])
    # Another cut-off of the same source changes the years that are there.
    frame = pd.DataFrame(
        [("950101", "", 3, 0, 2, 2.0)],
        columns=["area_code", "subgroup", "profile", "missing", "persons", "weight"],
    )
    other = profiles_batch(frame, SPEC.with_k("1/2"), year=2023, source_id=KEY, synthetic=True)
    publish_batches(store, Settings(), [other])
    assert [f.code for f in other.report.warnings] == ["mpi.rules_changed"]
    heads = (
        opened(store).values(observed(SPEC, "h"), level="province", year=2022).set_index("area_code")["value"]
    )
    assert heads["95"] == 0.0


def _plain(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["area_code", "subgroup", "profile", "missing", "persons", "weight"])


def test_a_survey_of_one_province_is_no_figure_of_the_country(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.mpi.upper_areas", upper_areas)
    official = [code for code in official_areas() if len(code) == 6 and code.startswith("50")]
    whole = [code for code in official if code != official[0]]
    rows = [(code, "", 0b1111111111, 0, 1, 1.0) for code in (*whole, "510101")]
    store = Store(tmp_path / "home")
    made = profiles_batch(_plain(rows), SPEC, year=2022, source_id=KEY, synthetic=True)
    publish_batches(store, Settings(), [made], fresh=True)
    house = opened(store)
    for level, known in (("country", set()), ("province", {"50"}), ("subdistrict", {*whole, "510101"})):
        found = house.values(observed(SPEC, "h"), level=level, year=2022).dropna(subset=["value"])
        assert set(found["area_code"]) == known
    [edition] = house.mpi.editions
    assert edition.levels[2022] == ("province", "district", "subdistrict")
    assert set(house.mpi.measures(Question(KEY, "province", "TH", 2022)).index) == {"50"}
    with pytest.raises(QueryError):
        house.mpi.profiles(KEY, "country", "TH", 2022)


def test_bits_of_earlier_years_are_never_read_by_other_indicators(tmp_path: Path) -> None:
    water, food = {"D1": {"water": "1/2"}}, {"D2": {"food": "1/2"}}
    first, turned = spec_of({**water, **food}, k="1/2"), spec_of({**food, **water}, k="1/2")
    store = Store(tmp_path / "home")
    rows = _plain([("500101", "", 1, 0, 50, 50.0), ("500101", "", 0, 0, 50, 50.0)])

    def made(spec: Any, year: int) -> Any:
        return profiles_batch(rows, spec, year=year, source_id="mpi-made-computed", synthetic=False)

    publish_batches(store, Settings(), [made(first, 2021)], fresh=True)
    other = made(turned, 2022)
    with pytest.raises(ImportRefused):
        publish_batches(store, Settings(), [other])
    [refusal] = other.report.rejections
    assert refusal.code == "mpi.bits" and "figures of 2021" in refusal.mend_en
    assert opened(store).mpi.editions[0].years == (2021,)
    # The same year anew replaces all that the old order was needed for.
    publish_batches(store, Settings(), [made(turned, 2021)])
    found = opened(store).mpi.measures(Question("mpi-made-computed", "subdistrict", "TH", 2021)).loc["500101"]
    assert (found["censored", "food"], found["censored", "water"]) == (0.5, 0.0)


def test_made_up_persons_never_stand_beside_official_figures_nor_before_real_ones(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    official = batch([("10", "surveyed_persons", 2022, 5.0)], kind="official", source="agency")
    made_up = read_mpi(folder_of(tmp_path), cells="synthetic")
    with pytest.raises(StoreError, match="official figures and synthetic ones"):
        publish_batches(store, Settings(), [official, made_up], fresh=True)
    assert store.current() is None
    # Of more areas than the real ones, and still not what is shown where the real ones have a number.
    real = profiles_batch(
        _plain([("950101", "", 0b1111111111, 0, 1, 1.0), ("950101", "", 0, 0, 3, 3.0)]),
        SPEC,
        year=2022,
        source_id="mpi-global-mpi-computed",
        synthetic=False,
    )
    publish_batches(store, Settings(), [made_up, real], fresh=True)
    for level, code in (("subdistrict", "950101"),):
        shown_here = opened(store).values(observed(SPEC, "h"), level=level, year=2022).set_index("area_code")
        assert shown_here.loc[code, ["value", "source_id"]].tolist() == [25.0, "mpi-global-mpi-computed"]


def test_profiles_of_a_protected_source_are_never_published(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    assert [f.code for f in read_mpi(folder).report.rejections] == ["mpi.protected"]
    made = read_mpi(folder, cells="published")
    assert made.sources.column("kind").to_pylist() == ["user"]
    made.shown_as("protected")
    store = Store(tmp_path / "home")
    with pytest.raises(StoreError, match="is protected"):
        publish_batches(store, Settings(), [made], fresh=True)
    # Without a number that could be hidden the profiles themselves are looked at.
    of_women = made.mpi_profiles.filter(pc.equal(made.mpi_profiles.column("subgroup"), "sex=f"))
    made.mpi_profiles = of_women
    with pytest.raises(StoreError, match="profiles of deprivation of a protected source"):
        publish_batches(store, Settings(), [made], fresh=True)
    assert store.current() is None
    with pytest.raises(ImportRefused):
        publish_batches(store, Settings(), [read_mpi(folder)], fresh=True)


def test_a_folder_that_is_not_as_it_was_written_is_refused(tmp_path: Path) -> None:
    def codes(folder: Path) -> list[str]:
        made = read_mpi(folder, cells="synthetic")
        assert made.mpi_profiles.num_rows == 0
        return [f.code for f in made.report.rejections]

    (tmp_path / "nothing").mkdir()
    assert codes(tmp_path / "nothing") == ["mpi.manifest"]
    assert codes(folder_of(tmp_path, name="a", command="another")) == ["mpi.manifest"]
    assert codes(folder_of(tmp_path, name="b", persons=21)) == ["mpi.total"]
    changed = folder_of(tmp_path, name="c")
    (changed / "specification.toml").write_text(SPEC.entry + "\n# more\n", encoding="utf-8")
    assert codes(changed) == ["mpi.changed"]
    gone = folder_of(tmp_path, name="d")
    (gone / "profiles.parquet").unlink()
    assert codes(gone) == ["mpi.file"]
    assert codes(folder_of(tmp_path, name="e", by=["age_group"])) == ["mpi.columns"]
    strange = [("950101", "f", 1 << 10, 0, 1, 1.0)]
    assert codes(folder_of(tmp_path, strange, "f")) == ["mpi.profiles"]
    assert codes(folder_of(tmp_path, [("950101", "f", 1, 0, 1, -1.0)], "g")) == ["mpi.persons"]
    assert codes(folder_of(tmp_path, [("990101", "f", 1, 0, 1, 1.0)], "h")) == ["mpi.areas"]
    assert codes(folder_of(tmp_path, [("95-01", "f", 1, 0, 1, 1.0)], "i")) == ["mpi.codes"]
    wrong = {"id": SPEC.id, "k": "3/2"}
    assert codes(folder_of(tmp_path, name="j", specification=wrong)) == ["mpi.specification"]


def test_a_cut_off_given_at_the_computation_stays_that_of_the_results(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, specification={"id": SPEC.id, "k": "1/2"})
    [entry] = read_mpi(folder, cells="synthetic").mpi_specs.values()
    assert read_spec(entry).k == Fraction(1, 2)


def test_villages_are_gathered_into_their_subdistricts(tmp_path: Path) -> None:
    people = [("95010101", "f", 3, 0, 1, 1.0), ("95010102", "m", 3, 0, 2, 2.0)]
    made = read_mpi(folder_of(tmp_path, people), cells="synthetic")
    everybody = [row for row in made.mpi_profiles.to_pylist() if not row["subgroup"]]
    assert [(r["area_code"], r["level"], r["persons"]) for r in everybody] == [("950101", "subdistrict", 3.0)]


@pytest.mark.parametrize("spec", shipped_specs().values(), ids=lambda spec: spec.id)
def test_a_specification_written_out_is_read_as_the_same(spec: Any) -> None:
    from dataclasses import replace

    for one in (
        spec,
        spec.with_k("2/7"),
        spec.with_weights({i.id: n for n, i in enumerate(spec.indicators, 1)}),
    ):
        again = read_spec(spec_toml(one))
        assert replace(again, entry="") == replace(one, entry="")


@pytest.mark.parametrize("spec", shipped_specs().values(), ids=lambda spec: spec.id)
def test_every_specification_has_entries_that_a_snapshot_may_bring(spec: Any) -> None:
    from analytics.catalogue import entry_json, read_entry

    entries = catalogue_entries(spec)
    assert len({e.id for e in entries}) == 3 + len(spec.indicators)
    assert [read_entry(entry_json(e)) for e in entries] == list(entries)
