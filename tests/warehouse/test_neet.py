"""NEET tables through the command line: sources apart, small counts and small samples, no persons, the four steps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analytics.disclosure import audit, known_structure
from tests.realdata import real_path
from warehouse.cli import main
from warehouse.embedded import build
from warehouse.intake import Intake
from warehouse.query import Warehouse
from warehouse.settings import Neet, Settings
from warehouse.snapshots import Store
from warehouse.sources.neet import read_done, read_neet, read_step, source_id

NEET_HEADER = "area_code,year,neet_count,youth_15_24,sample_size"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the shipped figures, to be copied: making it anew takes seconds a test."""
    folder = tmp_path_factory.mktemp("built")
    build(Store(folder), Settings())
    return folder


@pytest.fixture
def home(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(built, tmp_path / "home")
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("DAOMAP_CONFIG", str(file))


def write(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def opened(home: Path) -> Warehouse:
    return Warehouse.open(Store(home), Settings().query)


def values(house: Warehouse, indicator: str, year: int, source: str | None = None, level: str = "province"):
    frame = house.values(indicator, level=level, year=year, source=source).set_index("area_code")
    return frame[frame["value"].notna() | frame["suppressed"].fillna(False).astype(bool)]


def run(*arguments: str) -> int:
    return main(["import", "neet", *arguments])


# -- what ships --------------------------------------------------------------


def test_the_published_figures_are_two_sources_that_never_meet(home: Path) -> None:
    house = opened(home)
    slides = values(house, "neet_rate", 2023, "neet-guidance-2566")["value"]
    unicef = values(house, "neet_rate", 2020, "neet-unicef-2563")["value"]
    assert slides.to_dict() == {"31": 28.24, "30": 27.48, "41": 24.48, "81": 24.35, "47": 24.23}
    assert unicef.to_dict() == {
        "67": 18.8, "61": 18.6, "18": 20.9, "27": 21.5, "39": 33.5, "37": 25.9, "96": 26.2, "85": 21.7, "10": 8.1,
    }  # fmt: skip
    assert house.source("neet-guidance-2566")["year"] is None
    assert "survey year not stated" in house.source("neet-guidance-2566")["title_en"]
    for year in (2020, 2023):
        assert values(house, "neet_rate", year)["source_id"].nunique() == 1
        # Nine provinces and five are no country.
        assert values(house, "neet_rate", year, level="country").empty


# -- real file ---------------------------------------------------------------


def test_the_real_nine_provinces_are_read_as_published(home: Path, capsys) -> None:
    file = str(real_path("economy/neet_2020_9provinces_transcribed.csv"))
    assert run(file, "--language", "en") == 1
    refused = capsys.readouterr()
    assert "--published" in refused.out + refused.err
    assert run(file, "--published", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["rows_read"], report["rows_accepted"]) == (9, 9)
    assert report["repairs"] == {"name_read": 9}
    house = opened(home)
    mine = values(
        house,
        "neet_rate",
        2020,
        source_id("UNICEF In-depth Research on Youth NEET in Thailand p.41", "unstated"),
    )
    shipped = values(house, "neet_rate", 2020, "neet-unicef-2563")
    assert mine["value"].to_dict() == shipped["value"].to_dict()
    assert set(mine["definition"]) == {"neet-unpaid-family-unstated"}
    assert run(file, "--published") == 0
    assert opened(home).snapshot == house.snapshot


# -- definitions -------------------------------------------------------------


def test_two_definitions_of_one_publisher_are_two_sources(home: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path / "nso.csv",
        "province,year,neet_rate,definition,source",
        "น่าน,2566,12.5,working,NSO",
        "น่าน,2566,17.5,counted,NSO",
    )
    assert run(file, "--published") == 0
    house = opened(home)
    working, counted = (values(house, "neet_rate", 2023, source_id("NSO", d)) for d in ("working", "counted"))
    assert (working.at["55", "value"], counted.at["55", "value"]) == (12.5, 17.5)
    assert working.at["55", "definition"] == "neet-unpaid-family-working"
    assert counted.at["55", "definition"] == "neet-unpaid-family-counted"


def test_sums_and_rates_keep_the_definition_of_their_source(home: Path, tmp_path: Path) -> None:
    from geo.codes import official_areas

    provinces = [c for c, a in official_areas().items() if a.level == "province"]
    rows = [f"{code},2566,{1000 + i},10000,300" for i, code in enumerate(provinces)]
    file = write(tmp_path / "all.csv", NEET_HEADER, *rows)
    assert run(file, "--published", "--definition", "working", "--title", "LFS") == 0
    country = opened(home).values("neet_rate", level="country", year=2023, source=source_id("LFS", "working"))
    total = sum(1000 + i for i in range(77))
    assert country["value"].iloc[0] == pytest.approx(100 * total / 770_000)
    assert country["definition"].iloc[0] == "neet-unpaid-family-working"
    assert country["basis"].iloc[0] == "aggregated"


# -- small counts ------------------------------------------------------------


def _districts(path: Path, small: int = 3) -> str:
    """All districts of Nan with counts and rates; one has `small` NEET."""
    from geo.codes import official_areas

    codes = [c for c, a in official_areas().items() if a.parent == "55"]
    counts = [small, *(20 + 7 * i for i in range(1, len(codes)))]
    rows = [
        f"{c},2566,{100 * n / 400:.2f},{n},400,60,{1.5 + i / 10:.1f}"
        for i, (c, n) in enumerate(zip(codes, counts, strict=True))
    ]
    province = (
        f"55,2566,{100 * sum(counts) / (400 * len(codes)):.2f},{sum(counts)},{400 * len(codes)},900,0.9"
    )
    header = "area_code,year,neet_rate,neet_count,youth_15_24,sample_size,standard_error"
    return write(path, header, *rows, province)


def test_a_small_count_of_a_protected_source_cannot_be_worked_out(home: Path, tmp_path: Path, capsys) -> None:
    file = _districts(tmp_path / "nan.csv")
    assert run(file, "--definition", "working", "--title", "register", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    [told] = report["facts"]["withheld"]
    assert {"level": "district", "primary": 1}.items() <= next(
        level for level in told["levels"] if level["level"] == "district"
    ).items()
    house = opened(home)
    source = source_id("register", "working")
    counts = values(house, "neet", 2023, source, level="district")
    hidden = set(counts[counts["suppressed"].astype(bool)].index)
    assert "5501" in hidden
    assert len(hidden) >= 2 or bool(values(house, "neet", 2023, source)["suppressed"].any())
    for indicator in ("neet_rate", "neet_standard_error"):
        shown = values(house, indicator, 2023, source, level="district")
        assert set(shown[shown["suppressed"].astype(bool)].index) == hidden
        assert shown.loc[sorted(hidden), ["value", "numerator", "denominator"]].isna().all(axis=None)
    # The attacker, on his own, over the true numbers and what is shown.
    [kept] = (house.info.path / "private").glob("*.counts.parquet")
    tall = pq.read_table(kept).to_pandas()
    truth = tall.pivot(index="area_code", columns="indicator", values="value")
    mask = tall.pivot(index="area_code", columns="indicator", values="hidden").astype(bool)
    tree = {code: ("TH" if len(code) == 2 else code[:2]) for code in truth.index}
    assert audit(truth, mask, tree, known_structure(), 5, seed=1).ok
    alone = (truth > 0) & (truth < 5)
    assert alone.to_numpy().sum() == 1
    assert not audit(truth, alone, tree, known_structure(), 5).ok


def test_no_number_of_a_protected_source_stays_in_the_report(home: Path, tmp_path: Path) -> None:
    assert run(_districts(tmp_path / "nan.csv"), "--title", "register") == 0
    house = opened(home)
    stored = json.dumps([house.report(i) for i in house.imports()["import_id"]])
    assert "n = " not in stored


def test_a_protected_rate_needs_a_count_and_young_people_are_one(home: Path, tmp_path: Path) -> None:
    bare = write(tmp_path / "bare.csv", "area_code,year,neet_rate", "55,2566,10.00")
    assert run(bare) == 1
    told = write(tmp_path / "told.csv", "area_code,year,neet_rate,youth_15_24", "55,2566,10.00,30")
    assert run(told, "--title", "told") == 0
    row = values(opened(home), "neet_rate", 2023, source_id("told", "unstated"))
    # Ten percent of thirty are three young people: nobody may read that.
    assert bool(row.at["55", "suppressed"]) and pd.isna(row.at["55", "value"])


def test_what_is_protected_stays_so_without_a_word(home: Path, tmp_path: Path, monkeypatch) -> None:
    file = _districts(tmp_path / "nan.csv")
    assert run(file, "--title", "register") == 0
    config(
        tmp_path, monkeypatch, '[neet]\ncells = "published"\nsmall_samples = "hide"\nminimum_sample = 100\n'
    )
    assert run(_districts(tmp_path / "again.csv", small=4), "--title", "register") == 0
    house = opened(home)
    assert house.source(source_id("register", "unstated"))["cells"] == "protected"
    [kept] = (house.info.path / "private").glob("*.rows.parquet")
    rows = pq.read_table(kept).to_pandas()
    # Nothing of the truth was lost to the hiding of small samples.
    assert rows["value"].notna().all()


# -- small samples -----------------------------------------------------------


def test_a_small_sample_is_flagged_or_hidden_as_configured(
    home: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    file = write(
        tmp_path / "lfs.csv",
        "area_code,year,neet_rate,neet_count,youth_15_24,sample_size,standard_error",
        "55,2566,20.00,6000,30000,29,7.5",
        "54,2566,18.00,5400,30000,30,7.0",
    )
    assert run(file, "--published", "--title", "LFS", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [w["found"] for w in report["warnings"] if w["code"] == "neet.small_sample"] == ["n = 29"]
    source = source_id("LFS", "unstated")
    assert values(opened(home), "neet_rate", 2023, source).at["55", "value"] == 20.0
    config(tmp_path, monkeypatch, '[neet]\nsmall_samples = "hide"\n')
    assert run(file, "--published", "--title", "LFS", "--json") == 0
    capsys.readouterr()
    house = opened(home)
    for indicator in ("neet_rate", "neet", "neet_standard_error"):
        assert bool(values(house, indicator, 2023, source).at["55", "suppressed"])
    assert values(house, "neet_rate", 2023, source).at["54", "value"] == 18.0
    assert values(house, "neet_sample", 2023, source).at["55", "value"] == 29


def test_a_small_sample_of_a_protected_source_is_hidden_and_proved(
    home: Path, tmp_path: Path, monkeypatch
) -> None:
    config(tmp_path, monkeypatch, '[neet]\nsmall_samples = "hide"\nminimum_sample = 61\n')
    assert run(_districts(tmp_path / "nan.csv", small=30), "--title", "register") == 0
    counts = values(opened(home), "neet", 2023, source_id("register", "unstated"), level="district")
    assert len(counts) > 10 and counts["suppressed"].astype(bool).all()


# -- persons -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "cell"),
    [
        ("เลขประจำตัวประชาชน", "1"),
        ("note", "1100700000001"),
        ("note", "๑-๑๐๐๗-๐๐๐๐๐-๐๐-๑"),
        ("note", "นายสมชาย ใจดี"),
        ("note", "Mrs. Somsri Jaidee"),
        ("โทรศัพท์", "x"),
    ],
)
def test_a_file_that_names_persons_is_refused_and_they_are_not_repeated(
    home: Path, tmp_path: Path, capsys, extra: str, cell: str
) -> None:
    file = write(tmp_path / "x.csv", f"area_code,year,neet_rate,{extra}", f"55,2566,10.00,{cell}")
    assert run(file, "--published", "--json", "--language", "en") == 1
    out = capsys.readouterr()
    assert "neet.personal" in out.out + out.err
    assert cell == "1" or cell == "x" or cell not in out.out + out.err
    assert opened(home).info.version == 1


def test_places_that_begin_like_a_title_are_no_persons(home: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "x.csv", "district,province,year,neet_rate", "นายูง,อุดรธานี,2566,10.00")
    assert run(file, "--published", "--title", "x") == 0
    assert values(opened(home), "neet_rate", 2023, source_id("x", "unstated"), "district").index.tolist() == [
        "4122"
    ]


# -- steps -------------------------------------------------------------------


def test_steps_are_read_from_words_dates_and_both_eras(home: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path / "steps.csv",
        "แบบรายงาน NEET",
        "จังหวัด,ขั้นตอน,ทำแล้ว,จำนวนคนที่เข้าถึง,ปี",
        "น่าน,ค้นหา,15 เม.ย. 2567,1200,2567",
        "น่าน,ขั้นที่ ๒,31/5/2567,3,2567",
        "น่าน,Preparation,ยังไม่ทำ,,2567",
        "แพร่,1,ใช่,40,2567",
    )
    assert run(file) == 0
    house = opened(home)
    profile = house.profile(
        "55", [f"neet_step{k}_{w}" for k in "1234" for w in ("done", "month", "reached")], 2024
    )
    seen = profile.set_index("indicator")
    assert seen["value"].dropna().to_dict() == {
        "neet_step1_done": 1, "neet_step1_month": 4, "neet_step1_reached": 1200,
        "neet_step2_done": 1, "neet_step2_month": 5, "neet_step3_done": 0,
    }  # fmt: skip
    # Three people reached are too few to be told; that the step is done tells of nobody.
    assert bool(seen.at["neet_step2_reached", "suppressed"])
    more = write(tmp_path / "more.csv", "area_code,step,done,year", "55,4,2567-10-01,2567")
    assert run(more) == 0
    later = opened(home).profile("55", ["neet_step1_reached", "neet_step4_month"], 2024)
    assert later["value"].tolist() == [1200, 10]


def test_two_shapes_in_one_import_are_refused(home: Path, tmp_path: Path) -> None:
    rates = write(tmp_path / "a.csv", "area_code,year,neet_rate", "55,2566,10.00")
    steps = write(tmp_path / "b.csv", "area_code,step,done,year", "55,1,yes,2567")
    assert run(rates, steps, "--published") == 1


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("1", "1"),
        ("ขั้นที่ ๒", "2"),
        ("Step 3", "3"),
        ("4. ฝึกอบรมและจ้างงาน", "4"),
        ("2 ค้นหา", None),
        ("0", None),
        ("", None),
    ],
)
def test_reading_a_step(text: str, step: str | None) -> None:
    assert read_step(text) == step


@pytest.mark.parametrize("text", ["soon", "31/2/2567", "2567", "15 foo 2567", "13/13/2567", "67-04-15"])
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert read_done(text) is None


# -- how it is read ----------------------------------------------------------


def test_no_worker_hands_over_more_than_text(tmp_path: Path) -> None:
    file = write(tmp_path / "x.csv", "area_code,year,neet_rate,youth_15_24", "55,2566,10.00,30000")
    with Intake(workers=1) as intake:
        batch = read_neet([Path(file)], intake, samples=Neet())
    rows = {r["indicator"]: r for r in batch.observations.to_pylist()}
    assert rows["neet"]["value"] == 3000 and rows["neet"]["basis"] == "derived"
    assert rows["neet_rate"]["basis"] == "published"
    assert batch.report.repairs["count_from_rate"] == 1
