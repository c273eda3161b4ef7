"""TPMAP's files: what is read, what is summed, what is refused and with which words."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.catalogue import DIMENSIONS
from tests.warehouse.tpmap_maker import MASKS, Edition, edit, make_tpmap, rewrite, rows_of
from warehouse.batch import AREA, OBSERVATION, SOURCE, SOURCE_FILE, Batch
from warehouse.intake import Intake
from warehouse.sources.tpmap import read_tpmap
from warehouse.sources.tpmap_layout import read_name

TARGET = "poor.JPT.MOFval.CNT"


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=2) as pool:
        yield pool


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Edition:
    return make_tpmap(tmp_path_factory.mktemp("edition"))


@pytest.fixture(scope="module")
def batch(made, intake) -> Batch:
    return read_tpmap([made.folder], intake)


@pytest.fixture
def few(tmp_path) -> Edition:
    """Provinces and districts with two files each: enough to break, quick to read."""
    return make_tpmap(
        tmp_path / "few", levels=("province", "district"), masks=("11111", "10000"), provinces=("83", "91")
    )


def codes_of(batch: Batch) -> set[str]:
    return {f.code for f in batch.report.rejections}


def frame(batch: Batch) -> pd.DataFrame:
    return batch.observations.to_pandas()


# ------------------------------------------------------------------------------------------------------------
# A sound edition


def test_a_consistent_edition_is_accepted_whole(batch, made):
    report = batch.report
    assert report.rejections == [] and report.warnings == []
    assert report.files == 160 == len(list(made.folder.iterdir()))
    assert report.rows_read == report.rows_accepted == sum(len(f) for f in made.frames.values())
    assert report.checks and all(check.passed and check.cells > 0 for check in report.checks)
    assert report.repairs == {"village_parts_summed": 9}
    assert report.facts["years_be"] == [2561]
    assert batch.observations.schema == OBSERVATION and batch.areas.schema == AREA
    assert batch.sources.schema == SOURCE and batch.files.schema == SOURCE_FILE


def test_counts_arrive_with_their_denominators(batch, made):
    seen = frame(batch).set_index(["area_code", "indicator"])
    common, full = made.frames["province", "common"].loc["83"], made.frames["province", "11111"].loc["83"]
    expected = {
        "surveyed_persons": (common["HOUSEMEMBER_CNT"], None),
        "households": (common["household.CNT"], None),
        "elderly": (common["ELDERLY_CNT"], common["HOUSEMEMBER_CNT"]),
        "failing_ind04": (common["indicator4.CNT"], common["indicator4.ALL"]),
        "mpi_poor": (full["poor.JPT.CNT"], common["HOUSEMEMBER_CNT"]),
        "mpi_poor_households": (full["poor.household.CNT"], common["household.CNT"]),
        "target_poor": (full[TARGET], common["HOUSEMEMBER_CNT"]),
        "target_access": (full["poor.JPT.MOFval.accessibility"], common["HOUSEMEMBER_CNT"]),
        "target_ind28": (full["poor.JPT.MOFval.ind28.CNT"], common["HOUSEMEMBER_CNT"]),
    }
    for indicator, (value, whole) in expected.items():
        row = seen.loc[("83", indicator)]
        assert (row["value"], row["numerator"]) == (value, value), indicator
        assert (row["denominator"] == whole) if whole is not None else np.isnan(row["denominator"]), indicator
        assert (row["year"], row["basis"], row["source_id"]) == (2018, "published", "tpmap-2561")
    assert not seen.index.duplicated().any()
    # Only the 17 indicators of the index are published, and nothing that can be derived is.
    names = set(seen.index.get_level_values(1))
    assert not names & {"target_ind02", "failing_ind31", "target_poor_rate", "overlap_1", "stars"}
    assert len([n for n in names if n.startswith("failing_ind")]) == 17
    assert seen["definition"].notna().all()


def test_overlaps_are_those_of_the_persons_drawn(batch, made):
    cells = frame(batch)
    cells = cells[cells["indicator"].str.startswith("overlap_cell_")]
    assert set(cells["basis"]) == {"derived"}
    for level, width in (
        ("country", 0),
        ("province", 2),
        ("district", 4),
        ("subdistrict", 6),
        ("village", 8),
    ):
        at_level = cells[cells["level"] == level]
        key = made.exact["code"].str[:width] if width else pd.Series("TH", made.exact.index)
        truth = made.exact.groupby([key, "mask"]).size()
        got = at_level[at_level["value"] > 0].set_index(["area_code", "indicator"])["value"]
        assert len(got) == len(truth)
        for (code, mask), count in truth.items():
            assert got[(code, f"overlap_cell_{mask}")] == count


def test_parts_of_a_village_become_the_village(batch, made):
    seen = frame(batch)
    parts = made.frames["village", "common"]
    part = parts[parts.index.str[:8] == "83015101"]
    assert len(part) == 3
    village = part.index[0][:8]
    row = seen[(seen["area_code"] == village)].set_index("indicator")["value"]
    assert row["surveyed_persons"] == part["HOUSEMEMBER_CNT"].sum()
    weight = part["household.CNT"]
    assert row["happiness"] == pytest.approx((part["happiness"] * weight).sum() / weight.sum(), rel=1e-12)
    areas = batch.areas.to_pandas().set_index("code")
    assert areas.loc[village, ["level", "kind", "name_th", "name_en", "parent"]].tolist() == [
        "village",
        "village",
        "หมู่ที่ 1",
        "Village 1",
        "830151",
    ]
    assert areas.loc["830151", "kind"] == "municipal" and areas.loc["830151", "parent"] == "8301"
    assert set(areas.index) == {"830151"} | set(parts.index.str[:8])


def test_source_and_files_are_named(batch, made):
    [source] = batch.sources.to_pylist()
    assert (source["source_id"], source["year"], source["kind"]) == ("tpmap-2561", 2018, "official")
    assert source["licence"] == "not stated by the publisher"
    files = batch.files.to_pandas()
    assert len(files) == 160 and files["sha256"].str.len().eq(64).all() and files["bytes"].gt(0).all()


def test_the_same_files_have_the_same_id_wherever_they_lie(batch, made, intake, tmp_path):
    copy = shutil.copytree(made.folder, tmp_path / "elsewhere")
    assert read_tpmap([copy], intake).import_id == batch.import_id


def test_progress_counts_to_the_end(few, intake):
    told: list[tuple[int, int, str]] = []
    read_tpmap([few.folder], intake, progress=lambda *a: told.append(a))
    done = [d for d, _, _ in told]
    assert done == sorted(done) and told[-1][0] == told[-1][1] and {t for _, t, _ in told} == {told[0][1]}


# ------------------------------------------------------------------------------------------------------------
# Years, names, missing denominators


@pytest.mark.parametrize(
    ("name", "year", "level", "province", "mask"),
    [
        ("61_country_common.csv", 2561, "country", None, "common"),
        ("61_province_11111.csv", 2561, "province", None, "11111"),
        ("2561_province_11111.csv", 2561, "province", None, "11111"),
        ("61_11_amphur_00011.csv", 2561, "district", "11", "00011"),
        ("61_95_tambol_common.csv", 2561, "subdistrict", "95", "common"),
        ("66_province_11111_with_names.csv", 2566, "province", None, "11111"),
        ("61_province_11111 (1).CSV", 2561, "province", None, "11111"),
        ("province_11111.csv", None, "province", None, "11111"),
        ("11_amphur_11111.csv", None, "district", "11", "11111"),
    ],
)
def test_file_names(name, year, level, province, mask):
    read = read_name(name)
    assert read is not None
    assert (read.year_be, read.level, read.province, read.mask) == (year, level, province, mask)


@pytest.mark.parametrize("name", ["people.csv", "61_11_province_11111.csv", "61_tambol.csv"])
def test_names_that_are_not_tpmaps(name):
    assert read_name(name) is None


def test_two_years_are_two_sources(tmp_path, intake):
    for year in (2561, 2566):
        make_tpmap(tmp_path, year_be=year, levels=("province",), masks=("11111",))
    batch = read_tpmap([tmp_path], intake)
    assert not batch.report.refused
    assert batch.sources.column("source_id").to_pylist() == ["tpmap-2561", "tpmap-2566"]
    seen = frame(batch)
    poor = seen[(seen["indicator"] == "target_poor")].set_index("year")
    assert set(poor.index) == {2018, 2023}
    assert poor.loc[2018, "definition"] != poor.loc[2023, "definition"]


def test_without_a_common_file_the_rate_gives_the_denominator(tmp_path, intake):
    whole = make_tpmap(tmp_path / "whole", levels=("district",), masks=("11111",))
    bare = make_tpmap(tmp_path / "bare", levels=("district",), masks=("11111",), common=False)
    full, common = whole.frames["district", "11111"], whole.frames["district", "common"]
    batch = read_tpmap([bare.folder], intake)
    assert not batch.report.refused
    seen = frame(batch).query("indicator == 'surveyed_persons'").set_index("area_code")
    poor = full.index[full[TARGET] > 0]
    assert len(poor) and set(seen.index) == set(poor) and set(seen["basis"]) == {"derived"}
    assert seen.loc[poor, "value"].tolist() == common.loc[poor, "HOUSEMEMBER_CNT"].tolist()
    assert batch.report.repairs["denominator_from_rate"] == len(poor)


def test_columns_of_the_2566_file(tmp_path, intake):
    made = make_tpmap(tmp_path, year_be=2566, levels=("province",), masks=("11111",))
    path, surveyed = made.path("province", "11111"), made.frames["province", "common"]["HOUSEMEMBER_CNT"]
    made.path("province", "common").unlink()
    rows = rows_of(path)
    rows[0] = ["year_be", *rows[0], "province_name", "HOUSEMEMBER_CNT_derived"]
    rows[1] = ["2566", *rows[1], "ภูเก็จ", str(surveyed["83"])]
    rewrite(path, rows)
    renamed = path.rename(tmp_path / "66_province_11111_with_names.csv")
    batch = read_tpmap([renamed], intake)
    assert not batch.report.refused
    assert [f.code for f in batch.report.warnings] == ["tpmap.name"]
    row = frame(batch).query("indicator == 'surveyed_persons'").iloc[0]
    assert (row["value"], row["basis"], row["year"]) == (surveyed["83"], "derived", 2023)
    edit(renamed, 2, "year_be", "2565")
    assert codes_of(read_tpmap([renamed], intake)) == {"tpmap.year"}


def test_the_year_may_be_given_and_must_agree(few, intake, tmp_path):
    path = few.path("province", "11111")
    assert codes_of(read_tpmap([path], intake, year_be=2562)) == {"tpmap.year"}
    bare = path.rename(tmp_path / "province_11111.csv")
    assert codes_of(read_tpmap([bare], intake)) == {"tpmap.year"}
    batch = read_tpmap([bare], intake, year_be=2562)
    assert not batch.report.refused and batch.report.facts["years_be"] == [2562]


def test_common_alone_and_masks_alone(few, intake):
    common = read_tpmap([few.path("province", "common")], intake)
    assert not common.report.refused
    assert "target_poor" not in set(frame(common)["indicator"])
    part = read_tpmap([few.path("province", "10000")], intake)
    # A union of some dimensions is not the target poor: it is checked, and publishes nothing by itself.
    assert not part.report.refused and part.observations.num_rows == 0


def test_missing_masks_give_no_overlap(made, intake, tmp_path):
    for mask in ("common", *MASKS[1:]):
        shutil.copy(made.path("province", mask), tmp_path)
    batch = read_tpmap([tmp_path], intake)
    assert not batch.report.refused
    assert not frame(batch)["indicator"].str.startswith("overlap_cell").any()


# ------------------------------------------------------------------------------------------------------------
# Repairs


@pytest.mark.parametrize(
    ("written", "repair"),
    [
        (lambda v: f" {v} ", "blanks"),
        (lambda v: f"{v}.0", "float"),
        (lambda v: v.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")), "thai_digits"),
    ],
)
def test_numbers_written_oddly(few, intake, written, repair):
    before = frame(read_tpmap([few.folder], intake))
    edit(few.path("province", "11111"), 2, TARGET, written)
    batch = read_tpmap([few.folder], intake)
    assert not batch.report.refused and batch.report.repairs[repair] == 1
    pd.testing.assert_frame_equal(frame(batch), before)


def test_identical_copies_count_once(few, intake, tmp_path):
    copy = tmp_path / "few" / "again" / few.path("province", "11111").name
    copy.parent.mkdir()
    shutil.copy(few.path("province", "11111"), copy)
    batch = read_tpmap([few.folder], intake)
    assert not batch.report.refused and batch.report.repairs["identical_duplicate"] == 2


def test_one_file_named_twice_is_one_file(few, intake):
    path = few.path("province", "11111")
    batch = read_tpmap([path, few.folder, path], intake)
    assert not batch.report.refused and batch.report.files == 9 and not batch.report.repairs


def test_codes_written_oddly(few, intake):
    edit(few.path("province", "11111"), 2, "province_ID", ' ="83"')
    batch = read_tpmap([few.path("province", "11111")], intake)
    assert not batch.report.refused and sum(batch.report.repairs.values()) >= 1


# ------------------------------------------------------------------------------------------------------------
# Refusals


def _swap_header(made: Edition) -> None:
    shutil.copy(made.path("province", "common"), made.path("province", "11111"))


def _drop_column(made: Edition) -> None:
    path = made.path("province", "11111")
    at = rows_of(path)[0].index(TARGET)
    rewrite(path, [[*row[:at], *row[at + 1 :]] for row in rows_of(path)])


def _repeat_row(made: Edition) -> None:
    path = made.path("province", "11111")
    rows = rows_of(path)
    rewrite(path, [*rows, rows[1]])


def _drop_row(made: Edition) -> None:
    path = made.path("district", "11111", "83")
    rows = rows_of(path)
    rewrite(path, rows[:-1])


def _two_versions(made: Edition) -> None:
    folder = made.folder / "new"
    folder.mkdir()
    copy = shutil.copy(made.path("province", "common"), folder)
    edit(Path(copy), 2, "MOF_REG_CNT", lambda v: str(int(v) - 1))


BROKEN = {
    "not_tpmap_name": (
        lambda m: m.path("province", "11111").rename(m.folder / "poor.csv"),
        "tpmap.unknown_file",
    ),
    "not_tpmap_kind": (lambda m: (m.folder / "notes.docx").write_bytes(b"x"), "tpmap.unknown_file"),
    "not_tpmap_header": (
        lambda m: m.path("province", "11111").write_text("a,b\n1,2\n"),
        "tpmap.unknown_file",
    ),
    "mask_00000": (
        lambda m: m.path("province", "11111").rename(m.folder / "61_province_00000.csv"),
        "tpmap.mask",
    ),
    "mask_six_bits": (
        lambda m: m.path("province", "11111").rename(m.folder / "61_province_111111.csv"),
        "tpmap.mask",
    ),
    "mask_with_a_two": (
        lambda m: m.path("province", "11111").rename(m.folder / "61_province_11211.csv"),
        "tpmap.mask",
    ),
    "common_in_a_mask_file": (_swap_header, "tpmap.wrong_header"),
    "missing_column": (_drop_column, "tpmap.missing_column"),
    "negative": (lambda m: edit(m.path("province", "11111"), 2, TARGET, "-3"), "tpmap.negative_count"),
    "not_whole": (lambda m: edit(m.path("province", "11111"), 2, TARGET, "3.5"), "tpmap.not_whole"),
    "text": (lambda m: edit(m.path("province", "11111"), 2, TARGET, "สามสิบ"), "tpmap.not_number"),
    "empty": (lambda m: edit(m.path("province", "11111"), 2, TARGET, ""), "tpmap.empty_cell"),
    "scientific": (lambda m: edit(m.path("province", "11111"), 2, TARGET, "1e3"), "tpmap.scientific"),
    "duplicate": (_repeat_row, "tpmap.duplicate_area"),
    "conflict": (_two_versions, "tpmap.conflict"),
    "unknown_area": (
        lambda m: edit(m.path("district", "11111", "83"), 2, "amphur_ID", "8399"),
        "tpmap.unknown_area",
    ),
    "code_of_wrong_length": (
        lambda m: edit(m.path("district", "11111", "83"), 2, "amphur_ID", "830"),
        "tpmap.unknown_area",
    ),
    "outside_province": (
        lambda m: edit(m.path("district", "11111", "83"), 2, "amphur_ID", "9101"),
        "tpmap.outside_province",
    ),
    "province_column": (
        lambda m: edit(m.path("district", "11111", "83"), 2, "province_ID", "91"),
        "tpmap.outside_province",
    ),
    "dimension_over_its_indicators": (
        lambda m: edit(m.path("province", "11111"), 2, "poor.JPT.MOFval.health", "99999"),
        "tpmap.dimension_bounds",
    ),
    "dimension_under_an_indicator": (
        lambda m: edit(m.path("province", "11111"), 2, "poor.JPT.MOFval.health", "0"),
        "tpmap.dimension_bounds",
    ),
    "target_over_all_dimensions": (
        lambda m: edit(m.path("province", "11111"), 2, TARGET, "99999"),
        "tpmap.target_bounds",
    ),
    "target_under_a_dimension": (
        lambda m: edit(m.path("province", "11111"), 2, TARGET, "1"),
        "tpmap.target_bounds",
    ),
    "switched_off_dimension": (
        lambda m: edit(m.path("province", "10000"), 2, "poor.JPT.MOFval.income", "1"),
        "tpmap.dimension_off",
    ),
    "poor_over_surveyed": (
        lambda m: edit(m.path("province", "11111"), 2, "poor.JPT.CNT", "999999"),
        "tpmap.poor_surveyed",
    ),
    "registered_over_poor": (
        lambda m: edit(m.path("province", "11111"), 2, "poor.JPT.MOFreg.CNT", "999999"),
        "tpmap.registered_poor",
    ),
    "poor_households_over_households": (
        lambda m: edit(m.path("province", "11111"), 2, "poor.household.CNT", "999999"),
        "tpmap.poor_households",
    ),
    "rate": (
        lambda m: edit(
            m.path("province", "11111"), 2, "JPT.MOFval.pov.rate", lambda v: repr(float(v) * 1.00001)
        ),
        "tpmap.rate",
    ),
    "failing_over_asked": (
        lambda m: edit(m.path("province", "common"), 2, "indicator4.CNT", "999999"),
        "tpmap.common_bounds",
    ),
    "happiness_eleven": (
        lambda m: edit(m.path("province", "common"), 2, "happiness", "11"),
        "tpmap.out_of_range",
    ),
    "masks_disagree": (
        lambda m: edit(m.path("province", "10000"), 2, "poor.JPT.MOFval.health", lambda v: str(int(v) - 1)),
        "tpmap.mask_dimensions",
    ),
    "children_do_not_add_up": (
        lambda m: edit(m.path("province", "common"), 2, "ELDERLY_CNT", lambda v: str(int(v) - 1)),
        "tpmap.children_sum",
    ),
    "country_of_two_rows": (
        lambda m: shutil.copy(m.path("province", "common"), m.folder / "61_country_common.csv"),
        "tpmap.country_rows",
    ),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_input_is_refused_by_name(name, few, intake):
    spoil, code = BROKEN[name]
    spoil(few)
    batch = read_tpmap([few.folder], intake)
    assert code in codes_of(batch), codes_of(batch)
    assert batch.report.refused and batch.observations.num_rows == 0 and batch.areas.num_rows == 0
    for found in batch.report.rejections:
        assert found.file and found.found and found.expected and found.mend_th and found.mend_en
        assert any("\u0e00" <= letter <= "\u0e7f" for letter in found.mend_th)
        assert "/" not in found.file or found.file.startswith("new/")
    at_row = [f for f in batch.report.rejections if f.code == code]
    if code not in ("tpmap.unknown_file", "tpmap.mask", "tpmap.country_rows"):
        assert all(f.row is not None for f in at_row)


def test_the_row_and_column_of_a_fault_are_the_spreadsheets(few, intake):
    edit(few.path("district", "common", "83"), 3, "indicator7.ALL", "many")
    [found] = read_tpmap([few.path("district", "common", "83")], intake).report.rejections
    assert (found.file, found.row, found.column) == ("61_83_amphur_common.csv", 3, "indicator7.ALL")
    assert found.found == "many"
    assert "แถว 3" in found.line("th") and "row 3" in found.line("en")


def test_all_problems_are_told_at_once(few, intake):
    edit(few.path("province", "11111"), 2, TARGET, "-3")
    edit(few.path("province", "common"), 2, "ELDERLY_CNT", "x")
    edit(few.path("district", "common", "83"), 2, "amphur_ID", "8399")
    found = codes_of(read_tpmap([few.folder], intake))
    assert {"tpmap.negative_count", "tpmap.not_number", "tpmap.unknown_area"} <= found


def test_findings_of_one_kind_are_capped_and_counted(made, intake, tmp_path):
    path = Path(shutil.copy(made.path("village", "common", "83"), tmp_path))
    rows = rows_of(path)
    for row in rows[1:]:
        for at in range(9, 30):
            row[at] = "-1"
    rewrite(path, rows)
    report = read_tpmap([path], intake).report
    assert report.found["tpmap.negative_count"] == 21 * (len(rows) - 1) > 200
    assert len([f for f in report.rejections if f.code == "tpmap.negative_count"]) == 200
    assert report.to_json()["findings"]["tpmap.negative_count"] == report.found["tpmap.negative_count"]
    assert report.rows_rejected == len(rows) - 1


def test_faults_are_told_in_the_order_of_files_and_rows(few, intake):
    path = few.path("district", "common", "83")
    edit(path, 3, "household.CNT", "-1")
    edit(path, 2, "indicator7.ALL", "-2")
    edit(path, 4, "HOUSEMEMBER_CNT", "x")
    found = [f for f in read_tpmap([path], intake).report.rejections if f.code != "tpmap.common_bounds"]
    assert [(f.row, f.code, f.found) for f in found] == [
        (2, "tpmap.negative_count", "-2"),
        (3, "tpmap.negative_count", "-1"),
        (4, "tpmap.not_number", "x"),
    ]


def test_a_lost_district_is_a_warning_and_a_surplus_is_not(few, intake):
    _drop_row(few)
    report = read_tpmap([few.folder], intake).report
    assert not report.refused
    assert {f.code for f in report.warnings} == {"tpmap.children_missing"}
    assert all("8303" in f.found for f in report.warnings)
    edit(few.path("province", "11111"), 2, "poor.household.CNT", "1")
    assert "tpmap.children_sum" in codes_of(read_tpmap([few.folder], intake))


def test_unions_must_grow_and_overlaps_must_not_be_negative(made, intake, tmp_path):
    for mask in ("common", *MASKS):
        shutil.copy(made.path("province", mask), tmp_path)
    path = tmp_path / made.path("province", "11110").name
    full = int(made.frames["province", "11111"].loc["83", TARGET])
    edit(path, 2, TARGET, str(full + 1))
    found = codes_of(read_tpmap([tmp_path], intake))
    assert {"tpmap.union_monotone", "tpmap.overlap_cells"} <= found


def test_registration_below_verification_is_only_a_warning(few, intake):
    # One tambon of the real 2561 edition is so.
    path = few.path("province", "11111")
    target = int(few.frames["province", "11111"].loc["83", TARGET])
    edit(path, 2, "poor.JPT.MOFreg.CNT", str(target - 1))
    report = read_tpmap([path], intake).report
    assert not report.refused and [f.code for f in report.warnings] == ["tpmap.target_registered"]


def test_a_village_given_whole_and_in_parts_is_refused(made, intake, tmp_path):
    path = Path(shutil.copy(made.path("village", "common", "83"), tmp_path))
    rows = rows_of(path)
    rewrite(path, [*rows, [rows[1][0][:8], *rows[1][1:]]])
    assert codes_of(read_tpmap([path], intake)) == {"tpmap.duplicate_area"}


def test_hidden_files_and_the_readme_are_left_alone(few, intake):
    (few.folder / ".DS_Store").write_bytes(b"\x00")
    (few.folder / "README.md").write_text("about")
    assert not read_tpmap([few.folder], intake).report.refused


def test_nothing_to_read(tmp_path, intake):
    assert codes_of(read_tpmap([tmp_path], intake)) == {"tpmap.nothing"}
    assert codes_of(read_tpmap([tmp_path / "absent"], intake)) == {"tpmap.missing"}


def test_a_file_the_reader_refuses_is_a_rejection(few, intake):
    path = few.path("province", "11111")
    path.write_bytes(path.read_bytes()[:-200])
    batch = read_tpmap([few.folder], intake)
    assert codes_of(batch) & {"csv.ragged", "csv.unclosed_quote"}


# ------------------------------------------------------------------------------------------------------------
# Municipalities


def test_the_crosswalk_names_municipalities(few, intake):
    path = few.folder / "municipalities.csv"
    path.write_text(
        "TUMBOL_ID,TUMBOL_NAME,AMPHUR_ID,TOTAL_POPULATION,TESABAN_FLAG,TNAME,MAP_TUMBOL_ID\n"
        "830101,ตลาดใหญ่,8301,10,0,ตลาดใหญ่,830101\n"
        "830151,เทศบาลนคร ภูเก็ต,8301,10,1,ภูเก็ต,830101\n"
        "830152,เทศบาลตำบล รัษฎา,8301,10,1,รัษฎา,\n"
        "830153,เทศบาลตำบล วิชิต,8301,10,1,วิชิต,830153\n",
        encoding="utf-8",
    )
    batch = read_tpmap([few.folder], intake)
    assert not batch.report.refused
    areas = {a["code"]: a for a in batch.areas.to_pylist()}
    assert areas["830151"]["name_th"] == "เทศบาลนคร ภูเก็ต" and areas["830151"]["mapped_to"] == "830101"
    assert areas["830152"]["mapped_to"] is None and areas["830153"]["mapped_to"] is None
    assert "830101" not in areas
    found = Counter((f.code, f.row) for f in batch.report.warnings)
    assert found == {("crosswalk.unmapped", 4): 1, ("crosswalk.bad_target", 5): 1}
    assert "tpmap-municipalities" in batch.sources.column("source_id").to_pylist()
    alone = read_tpmap([path], intake)
    assert not alone.report.refused and alone.areas.num_rows == 3 and alone.observations.num_rows == 0


def test_a_crosswalk_with_repeated_or_wrong_codes_is_refused(tmp_path, intake):
    path = tmp_path / "x.csv"
    path.write_text(
        "TUMBOL_ID,TUMBOL_NAME,TESABAN_FLAG,MAP_TUMBOL_ID\n830151,ก,1,830101\n830151,ก,1,830101\n99,ข,1,\n",
        encoding="utf-8",
    )
    assert codes_of(read_tpmap([path], intake)) == {"crosswalk.duplicate", "crosswalk.code"}


def test_dimension_names_cover_the_masks():
    assert len(DIMENSIONS) == 5 and len(MASKS) == 31
