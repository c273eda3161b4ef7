"""What a snapshot shows of a protected source, and what it keeps to itself."""

from __future__ import annotations

import gzip
import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import warehouse.protection
from analytics.catalogue import load_catalogue
from analytics.disclosure import DisclosureError, Snapshot, audit, tpmap_structure
from geo.codes import official_areas, parent_of
from tests.warehouse.batches import batch
from warehouse.embedded import build
from warehouse.protection import holds
from warehouse.publish import publish_batches
from warehouse.query import Warehouse, layer_file
from warehouse.report import Finding
from warehouse.settings import Privacy, Settings
from warehouse.snapshots import SnapshotInfo, Store, StoreError

YEAR = 2018
PROVINCE = "95"
COUNTS = ("surveyed_persons", "households", "mpi_poor", "target_poor", "target_health", "target_income")


def leaves(seed: int = 1) -> pd.DataFrame:
    """Counts of the subdistricts of one province, small ones among them."""
    dice = np.random.default_rng(seed)
    codes = [a.code for a in official_areas().values() if a.level == "subdistrict" and a.code[:2] == PROVINCE]
    poor = dice.poisson(9, len(codes)) * (dice.random(len(codes)) > 0.1)
    health = np.minimum(poor, dice.poisson(5, len(codes)))
    surveyed = dice.integers(900, 4000, len(codes))
    return pd.DataFrame(
        {
            "surveyed_persons": surveyed,
            "households": surveyed // 4,
            "mpi_poor": poor + dice.integers(5, 60, len(codes)),
            "target_poor": poor,
            "target_health": health,
            "target_income": poor - health + np.minimum(health, 3),
        },
        index=codes,
    ).astype(float)


def tall(table: pd.DataFrame) -> list[tuple[str, str, int, float]]:
    return [(str(a), str(i), YEAR, float(v)) for (a, i), v in table.stack().items()]


def protected(table: pd.DataFrame, **more: object):
    """As importers make them: each count with its group as denominator."""
    whole = table.get("surveyed_persons", pd.Series(dtype=float))
    below = {(a, i): whole[a] for a in whole.index for i in ("target_poor", "mpi_poor", "target_health")}
    made = batch(tall(table), denominators=below, **more)
    made.shown_as("protected")
    return made


def shown(info: SnapshotInfo) -> pd.DataFrame:
    with duckdb.connect(str(info.database), read_only=True) as connection:
        return connection.execute("SELECT * FROM observation WHERE source_id = 'made'").df()


def wide(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows[rows["indicator"].isin(COUNTS)].pivot(index="area_code", columns="indicator", values=column)


def summed(table: pd.DataFrame) -> pd.DataFrame:
    """The subdistricts and their districts; one province is too little for a country."""
    parts = [table, table.groupby(lambda c: c[:4]).sum(), table.groupby(lambda c: c[:2]).sum()]
    return pd.concat(parts).sort_index().sort_index(axis="columns")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield Store(tmp_path)


def test_small_counts_leave_no_trace_in_the_snapshot(store: Store) -> None:
    table = leaves()
    info = publish_batches(store, Settings(), [protected(table)])
    rows = shown(info)
    counts = [i.id for i in load_catalogue().values() if i.unit in ("persons", "households")]
    small = rows[rows["indicator"].isin(counts) & rows["value"].between(1, 4)]
    assert small.empty
    hidden = rows[rows["suppressed"]]
    assert len(hidden) > 10
    assert hidden[["value", "numerator", "denominator"]].isna().all().all()
    # A zero may be shown.
    assert ((rows["indicator"] == "target_poor") & (rows["value"] == 0)).any()
    # Rates, shares and means go with their parts.
    value = rows.set_index(["area_code", "indicator"])["value"]
    gone = set(hidden.loc[hidden["indicator"] == "target_poor", "area_code"])
    for area in gone:
        assert np.isnan(value[area, "target_poor_rate"])
        assert (area, "target_health_share") not in value.index or np.isnan(
            value[area, "target_health_share"]
        )
        assert (area, "stars_within_parent") not in value.index


def test_an_attacker_with_all_that_is_shown_finds_nothing(store: Store) -> None:
    table = leaves()
    rows = shown(publish_batches(store, Settings(), [protected(table)]))
    truth = summed(table)
    seen, hidden = wide(rows, "value"), wide(rows, "suppressed").astype(bool)
    assert set(seen.index) == set(truth.index)
    both = seen.reindex(index=truth.index, columns=truth.columns)
    mask = hidden.reindex(index=truth.index, columns=truth.columns)
    assert (both.where(~mask, truth) == truth).all().all()
    tree = {c: parent_of(c) for c in truth.index}
    found = audit(truth, mask, tree, tpmap_structure(), 5, seed=3)
    assert found.ok and found.checked == int(mask.to_numpy().sum())
    # The same cells with nothing but the small ones hidden: the attacker is awake.
    assert not audit(truth, (truth > 0) & (truth < 5), tree, tpmap_structure(), 5).ok


def test_published_cells_stay_as_they_are(store: Store) -> None:
    made = batch(tall(leaves()))
    made.shown_as("published")
    rows = shown(publish_batches(store, Settings(), [made]))
    assert not rows["suppressed"].any()
    assert not list((store.current().path).glob("private/*"))


def test_true_numbers_survive_for_the_next_import_only_there(store: Store) -> None:
    table = leaves()
    first = publish_batches(store, Settings(), [protected(table)])
    kept = sorted(first.path.glob("private/*.parquet"))
    assert [f.name.rpartition(".")[0].rpartition(".")[2] for f in kept] == ["counts", "rows"]
    assert all(stat.S_IMODE(f.stat().st_mode) == 0o400 for f in kept)
    assert all(layer_file(store.snapshots, first.id, "private", f.name, "x") is None for f in kept)
    before = shown(first)
    # Another source of the same year: everything of the year is computed again, and nothing new shows.
    other = batch([("96", "target_poor", YEAR, 30.0)], source="other", priority=1)
    second = publish_batches(store, Settings(), [other])
    pd.testing.assert_frame_equal(shown(second).drop(columns="preferred"), before.drop(columns="preferred"))
    # One subdistrict corrected: the sums are those of the true numbers, shown or not.
    code = table.index[table["mpi_poor"] > 20][0]
    fix = table.loc[[code], ["mpi_poor"]] + 100
    third = publish_batches(store, Settings(), [protected(fix, file="fix.csv")])
    changed = table.copy()
    changed.loc[code, "mpi_poor"] += 100
    rows = shown(third)
    truth = summed(changed)
    mask = wide(rows, "suppressed").astype(bool).reindex(index=truth.index, columns=truth.columns)
    both = wide(rows, "value").reindex(index=truth.index, columns=truth.columns)
    assert (both.where(~mask, truth) == truth).all().all()
    # Nor does the snapshot before, put beside it, give anything away.
    old = summed(table)
    old_mask = wide(before, "suppressed").astype(bool).reindex(index=old.index, columns=old.columns)
    tree = {c: parent_of(c) for c in truth.index}
    assert audit(truth, mask, tree, tpmap_structure(), 5, Snapshot(old, old_mask)).ok
    assert (old_mask <= mask).all().all()


def test_the_owner_may_publish_what_was_protected(store: Store) -> None:
    table = leaves()
    publish_batches(store, Settings(), [protected(table)])
    again = batch(tall(table), sha="again")
    again.shown_as("published", given=True)
    info = publish_batches(store, Settings(), [again])
    rows = shown(info)
    assert not rows["suppressed"].any()
    seen = wide(rows, "value").reindex(table.index)[list(table.columns)]
    assert (seen == table).all().all()
    assert not list(info.path.glob("private/*"))


def test_a_higher_minimum_hides_more_and_shows_nothing_that_was_hidden(store: Store) -> None:
    build(store, Settings())
    publish_batches(store, Settings(), [protected(leaves())])
    before = wide(shown(store.current()), "suppressed").astype(bool)
    stricter = Settings(privacy=Privacy(minimum=10))
    info, new = build(store, stricter)
    assert new
    rows = shown(info)
    after = wide(rows, "suppressed").astype(bool)
    assert (before <= after).all().all() and after.to_numpy().sum() > before.to_numpy().sum()
    assert not rows.loc[rows["indicator"].isin(COUNTS), "value"].between(1, 9).any()
    assert Warehouse.open(store).minimum == 10


def test_what_cannot_be_hidden_is_not_published(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build(store, Settings())[0]

    def refuse(*_args: object, **_more: object) -> None:
        raise DisclosureError("3 counts stay within 5 of the truth whatever else is hidden")

    monkeypatch.setattr(warehouse.protection, "protect", refuse)
    with pytest.raises(StoreError) as caught:
        publish_batches(store, Settings(), [protected(leaves())])
    assert "3 counts" in caught.value.text("en") and "ไม่เผยแพร่" in caught.value.text("th")
    assert store.current().id == before.id


def test_counts_that_are_not_whole_are_refused(store: Store) -> None:
    table = leaves()
    table.iloc[0, 0] = 2.5
    with pytest.raises(StoreError, match="whole"):
        publish_batches(store, Settings(), [protected(table)])


def test_a_rate_the_source_gives_itself_goes_with_its_parts(store: Store) -> None:
    table = leaves()
    rows = tall(table) + [(c, "happiness", YEAR, 8.1) for c in table.index]
    rows += [(c, "target_poor_rate", YEAR, 1.25) for c in table.index]
    table.loc[table.index[3], ["surveyed_persons", "households"]] = [3.0, 2.0]
    table.loc[table.index[3], ["mpi_poor", "target_poor", "target_health", "target_income"]] = 0
    rows = [r for r in rows if not (r[0] == table.index[3] and r[1] in COUNTS)] + tall(table.iloc[[3]])
    made = batch(rows)
    made.shown_as("protected")
    value = shown(publish_batches(store, Settings(), [made])).set_index(["area_code", "indicator"])["value"]
    hidden = [a for a in table.index if np.isnan(value[a, "target_poor"])]
    assert hidden and all(np.isnan(value[a, "target_poor_rate"]) for a in hidden)
    assert np.isnan(value[table.index[3], "happiness"])
    assert value.xs("happiness", level=1).notna().any()


def test_no_count_carries_the_size_of_its_group_along(store: Store) -> None:
    table = leaves()
    table.iloc[4] = [3.0, 2.0, 0.0, 0.0, 0.0, 0.0]
    rows = shown(publish_batches(store, Settings(), [protected(table)])).set_index(["area_code", "indicator"])
    area = table.index[4]
    assert rows.loc[(area, "surveyed_persons"), "suppressed"]
    here = rows.loc[area]
    assert not here[["value", "numerator", "denominator"]].isin([3.0]).any().any()
    assert rows.xs("target_poor_rate", level="indicator")["denominator"].notna().any()


def test_a_part_imported_without_a_word_does_not_lay_the_rest_open(store: Store) -> None:
    table = leaves()
    before = shown(publish_batches(store, Settings(), [protected(table)]))
    part = batch(tall(table.iloc[[0]][["mpi_poor"]]), file="part.csv", sha="part")
    part.shown_as("published")
    after = shown(publish_batches(store, Settings(), [part]))
    assert (before["suppressed"].to_numpy() == after["suppressed"].to_numpy()).all()
    part = batch(tall(table.iloc[[0]][["mpi_poor"]]), file="part.csv", sha="part 2")
    part.shown_as("published", given=True)
    with pytest.raises(StoreError, match="a part of it only"):
        publish_batches(store, Settings(), [part])


def test_what_another_source_shows_is_not_taken_for_hidden(store: Store) -> None:
    table = leaves()
    district = summed(table).loc[[str(table.index[0])[:4]]]
    known = batch(tall(district), source="figures", priority=90, file="figures.csv", sha="figures")
    info = publish_batches(store, Settings(), [known, protected(table)])
    rows = shown(info)
    truth = summed(table)
    mask = wide(rows, "suppressed").astype(bool).reindex(index=truth.index, columns=truth.columns)
    assert not mask.loc[district.index[0]].any()
    tree = {c: parent_of(c) for c in truth.index}
    assert audit(truth, mask, tree, tpmap_structure(), 5).ok


def test_a_number_worked_out_does_not_make_the_kept_one_forgotten(store: Store) -> None:
    table = leaves()
    publish_batches(store, Settings(), [protected(table)])
    derived = batch(tall(table[["target_poor"]] + 1), basis="derived", file="d.csv", sha="d")
    derived.shown_as("protected")
    rows = shown(publish_batches(store, Settings(), [derived]))
    truth = summed(table)
    both = wide(rows, "value").reindex(index=truth.index, columns=truth.columns)
    mask = wide(rows, "suppressed").astype(bool).reindex(index=truth.index, columns=truth.columns)
    assert (both.where(~mask, truth) == truth).all().all()


@pytest.mark.parametrize(
    "rows",
    [
        [("95", "target_poor", YEAR, 50.0)],
        [("95", "target_poor", YEAR, 0.0), ("96", "target_poor", YEAR, 0.0)],
        [("95", "target_poor", YEAR, 50.0), ("95", "surveyed_persons", YEAR, 900.0)],
    ],
)
def test_a_table_with_nothing_to_hide_is_published_whole(
    store: Store, rows: list[tuple[str, str, int, float]]
) -> None:
    made = batch(rows)
    made.shown_as("protected")
    assert not shown(publish_batches(store, Settings(), [made]))["suppressed"].any()


def test_earlier_findings_lose_their_numbers_when_a_source_turns_protected(store: Store) -> None:
    first = batch(tall(leaves()), file="first.csv")
    first.report.add(Finding("warn", "x", "first.csv", 2, "n", "found 3", "<= 2", "ตรวจ", "check"))
    publish_batches(store, Settings(), [first])
    later = protected(leaves(), file="second.csv", sha="second")
    info = publish_batches(store, Settings(), [later])
    assert [w.code for w in later.report.warnings] == ["publish.shown_before"]
    with duckdb.connect(str(info.database), read_only=True) as connection:
        texts = connection.execute(
            "SELECT found FROM finding UNION ALL SELECT report FROM import_run"
        ).fetchall()
    assert not any("found 3" in text for (text,) in texts)


def villages(households: list[float], poor: list[float]) -> list[tuple[str, str, int, float]]:
    code = next(
        a.code for a in official_areas().values() if a.level == "subdistrict" and a.code[:2] == PROVINCE
    )
    rows = []
    for number, (houses, count) in enumerate(zip(households, poor, strict=True), start=1):
        rows += [
            (f"{code}{number:02}", "households", YEAR, houses),
            (f"{code}{number:02}", "target_poor", YEAR, count),
        ]
    rows += [(code, "households", YEAR, sum(households)), (code, "target_poor", YEAR, sum(poor))]
    return rows


def test_villages_need_a_switch_and_a_floor_of_households(store: Store) -> None:
    rows = villages([120, 19, 80, 64], [12, 7, 3, 9])
    areas = [
        {"code": c, "level": "village", "parent": c[:6], "name_th": c, "name_en": c, "kind": "village"}
        for c in sorted({r[0] for r in rows if len(r[0]) == 8})
    ]
    info = publish_batches(store, Settings(), [batch(rows, areas=areas)])
    assert "village" not in set(shown(info)["level"])
    # Even what its owner has published: villages never count as published.
    info = publish_batches(
        store, Settings(privacy=Privacy(villages=True)), [batch(rows, areas=areas, sha="more")]
    )
    here = shown(info)
    seen = here[here["level"] == "village"].set_index(["area_code", "indicator"])["value"]
    code = rows[0][0][:6]
    assert {a for a, _ in seen.index} == {f"{code}01", f"{code}03", f"{code}04"}
    assert np.isnan(seen[f"{code}03", "target_poor"])
    # The small village does not follow from the others and the subdistrict, which is published and stays.
    assert seen.xs("households", level=1).isna().any()
    upper = here[here["level"] == "subdistrict"].set_index("indicator")["value"]
    assert upper["target_poor"] == 31 and upper["households"] == 283
    # Computed again for another source's sake, nothing comes to light and nothing is lost.
    other = batch([("96", "target_poor", YEAR, 30.0)], source="other", priority=1)
    again = shown(publish_batches(store, Settings(privacy=Privacy(villages=True)), [other]))
    pd.testing.assert_frame_equal(again.drop(columns="preferred"), here.drop(columns="preferred"))
    # Switched off and on again, they are there again.
    off = publish_batches(
        store, Settings(), [batch([("96", "target_poor", YEAR, 31.0)], source="other", sha="o2")]
    )
    assert "village" not in set(shown(off)["level"])
    on = batch([("96", "target_poor", YEAR, 32.0)], source="other", sha="o3")
    back = shown(publish_batches(store, Settings(privacy=Privacy(villages=True)), [on]))
    assert set(back["level"]) == set(here["level"])


def test_tooltips_and_reports_say_that_something_is_hidden(store: Store) -> None:
    made = protected(leaves())
    info = publish_batches(store, Settings(), [made])
    [told] = made.report.facts["withheld"]
    levels = {row["level"]: row for row in told["levels"]}
    rows = shown(info)
    for level, row in levels.items():
        mine = rows[(rows["level"] == level) & rows["indicator"].isin(COUNTS)]
        assert row["primary"] + row["secondary"] == int(mine["suppressed"].sum())
        assert row["cells"] == len(mine)
    assert levels["subdistrict"]["primary"] > 5
    layer = next(info.path.glob("layers/province/TH/*2018.geojson.gz"), None)
    assert layer is not None and b"NaN" not in gzip.decompress(layer.read_bytes())


def test_findings_quote_no_number_of_a_protected_source(store: Store) -> None:
    made = protected(leaves())
    made.report.add(Finding("warn", "x", "made.csv", 2, "n", "found 3", "<= 2", "ตรวจ", "check"))
    info = publish_batches(store, Settings(), [made])
    assert "found 3" in made.report.warnings[0].line("en")
    with duckdb.connect(str(info.database), read_only=True) as connection:
        kept = connection.execute("SELECT found, expected, file FROM finding").fetchall()
        [(text,)] = connection.execute("SELECT report FROM import_run WHERE kind = 'made'").fetchall()
    assert kept == [("–", "–", "made.csv")] and "found 3" not in text


def test_nothing_readable_proves_a_guess_of_a_protected_file(store: Store) -> None:
    """A hash, a size or an id that follows from them would, for a file small enough to be tried."""
    sha = hashlib.sha256(b"area,count\n95,3\n").hexdigest()
    table = leaves().head(9)
    first = batch(tall(table), sha=sha)
    publish_batches(
        store, Settings(), [batch([("TH", "population", YEAR, 9.0)], source="open", sha="o"), first]
    )
    made = protected(table, sha=sha)
    made.report.add(Finding("warn", "x", "made.csv", 2, "n", "found 3", "<= 2", "ตรวจ", "check"))
    info = publish_batches(store, Settings(), [made])
    told = (sha, first.import_id, made.import_id)
    for round_ in range(2):
        texts = [(info.path / "manifest.json").read_text(encoding="utf-8")]
        with duckdb.connect(str(info.database), read_only=True) as connection:
            for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                texts.append(connection.execute(f"FROM {name}").df().to_csv())
        assert not [secret for secret in told if any(secret in text for text in texts)], round_
        house = Warehouse(info)
        [file] = house.source("made")["files"]
        assert (file["sha256"], file["bytes"], file["rows"]) == (None, None, table.size)
        assert house.source("open")["files"][0]["sha256"] == "o"
        held = house.holdings.sources().set_index("source_id")["bytes"]
        assert pd.isna(held["made"]) and held["open"] == 1
        # Its owner keeps them, and a second import of the same files is known.
        assert sha in (info.path / "private" / "files.json").read_text(encoding="utf-8")
        assert holds(info, made.import_id) and not holds(info, "another")
        [run] = house.holdings.imports_of("made")["import_id"]
        assert "made.csv" in house.findings(run)["file"].tolist()
        house.close()
        info = publish_batches(store, Settings(), [made])
    protected_run = store.runs()[1]
    assert protected_run.files == () and protected_run.imports == ("protected",)


def test_what_readers_saw_before_somebody_went_back_is_not_forgotten(store: Store) -> None:
    """A corrected file is hidden beside the snapshot that was left, also when something else came in between."""
    first = publish_batches(store, Settings(), [batch([("TH", "population", YEAR, 9.0)], source="open")])
    codes = [a.code for a in official_areas().values() if a.level == "district" and a.code[:2] == "91"]
    one = pd.DataFrame({"target_poor": [3.0, 20, 60, *range(70, 70 + len(codes) - 3)]}, index=codes)
    two = one.copy()
    two.loc[codes[2]] = 6
    seen = wide(shown(publish_batches(store, Settings(), [protected(one)])), "suppressed").eq(True)
    store.rollback(first.id)
    publish_batches(store, Settings(), [batch([("TH", "population", YEAR, 8.0)], source="open", sha="2")])
    info = publish_batches(store, Settings(), [protected(two)])
    now = wide(shown(info), "suppressed").eq(True)
    assert seen["target_poor"].tolist().count(True) == 2 and {"91", *codes} == set(seen.index)
    tree = {str(code): parent_of(str(code)) for code in now.index}
    old, new = (pd.concat([t, t.sum().to_frame("91").T]) for t in (one, two))
    old, new = old.reindex(seen.index), new.reindex(now.index)
    assert audit(new, now, tree, tpmap_structure(), 5, Snapshot(old, seen)).ok
    assert not list((info.path / "private").glob("*.left-*"))


def test_sources_say_how_their_cells_are_shown(store: Store) -> None:
    publish_batches(store, Settings(), [protected(leaves()), batch(tall(leaves(2)), source="open", sha="o")])
    sources = Warehouse.open(store).sources().set_index("source_id")
    assert sources.loc["made", "cells"] == "protected" and sources.loc["made", "suppressed"] > 10
    assert sources.loc["open", "cells"] == "published" and sources.loc["open", "suppressed"] == 0


def test_the_same_files_shown_otherwise_are_another_import() -> None:
    first, second = batch(tall(leaves())), batch(tall(leaves()))
    assert first.import_id == second.import_id
    second.shown_as("protected")
    assert first.import_id != second.import_id
    assert isinstance(second.sources, pa.Table)
