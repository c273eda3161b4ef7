"""Tables of public services: what columns are taken for, what a person can say, and what happens to every row."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.warehouse.batches import squares
from warehouse.cli import main
from warehouse.embedded import build
from warehouse.intake import Intake
from warehouse.query import Warehouse
from warehouse.settings import Settings
from warehouse.snapshots import Store
from warehouse.sources.places import read_places, source_id
from warehouse.sources.places_layout import ColumnMapping, MappingError, guess, guess_role, read_mapping

MOPH = (
    "ชื่อ,รหัส 9 หลักใหม่,รหัส 9 หลัก,รหัส 5 หลัก,เลขอนุญาต 11 หลัก,ประเภทองค์กร,ประเภทหน่วยบริการสุขภาพ,สังกัด,แผนก/กรม,ระดับโรงพยาบาล,"
    "เตียงที่ใช้จริง,สถานะการใช้งาน,เขตบริการ,ที่อยู่,รหัสจังหวัด,จังหวัด,รหัสอำเภอ,อำเภอ/เขต,รหัสตำบล,ตำบล/แขวง,หมู่,รหัสไปรษณีย์,แม่ข่าย,"
    "วันที่ก่อตั้ง,"
    "วันที่ปิดบริการ,อัพเดตล่าสุด(เริ่ม 05/09/2566)"
)


def moph(
    name: str, code: str, kind: str, beds: str, tambon: str, closed: str = "", status: str = "เปิดใช้งาน"
) -> str:
    cells = [
        name, "", "", f'="{code}"', "", "", kind, "", "", "", beds, status, "", "", '="55"', "น่าน", '="01"', "เมืองน่าน",
        f'="{tambon}"', "", "", "", "", "01/10/2546", closed, "",
    ]  # fmt: skip
    return ",".join(cells)


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=1) as pool:
        yield pool


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(Store(folder), Settings())
    return folder


@pytest.fixture
def home(built: Path, tmp_path: Path, monkeypatch) -> Path:
    shutil.copytree(built, tmp_path / "home")
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_health_register_is_recognised_and_closed_places_stay_out(intake, tmp_path):
    file = write(
        tmp_path / "hcode.csv",
        MOPH,
        moph("โรงพยาบาลน่าน", "10716", "โรงพยาบาลทั่วไป", "502", "01"),
        moph("รพ.สต.ผาสิงห์", "6456", "โรงพยาบาลส่งเสริมสุขภาพตำบล", "", "06"),
        moph("คลินิกเก่า", "99999", "คลินิกเอกชน", "", "01", closed="30/09/2560"),
        moph("ศูนย์เก่า", "99998", "ศูนย์บริการสาธารณสุข", "", "01", status="ปิดถาวร"),
    )
    batch = read_places(
        [file],
        intake,
        boundaries={"subdistrict": squares(["550101", "550106"], west=100, south=18)},
        at_subdistrict=True,
    )
    report = batch.report
    assert report.facts["mapping"][0]["layout"] == "moph" and not report.rejections
    first, second = batch.places.to_pylist()
    assert (first["place_id"], first["grade"], first["capacity"], first["capacity_unit"]) == (
        "10716",
        "general_hospital",
        502,
        "beds",
    )
    assert second["code"] == "06456" and second["grade"] == "primary_care" and second["capacity"] is None
    assert (first["area_code"], second["area_code"]) == ("550101", "550106")
    assert "2003-10-01" in first["note"] and first["approximate"] and 100 < first["longitude"] < 100.2
    found = {
        k: report.repairs[k]
        for k in ("excel_formula", "code_padded", "closed_left_out", "date_be", "at_inner_point")
    }
    assert found == {
        "excel_formula": 16,
        "code_padded": 1,
        "closed_left_out": 2,
        "date_be": 3,
        "at_inner_point": 2,
    }
    assert batch.sources.column("title_en").to_pylist() == [
        "Register of health facilities, Ministry of Public Health"
    ]


def test_the_school_register_is_recognised(intake, tmp_path):
    file = write(
        tmp_path / "schools.csv",
        "รหัสโรงเรียน 10 หลัก,รหัส Smis 8 หลัก,รหัส Obec 6 หลัก,ชื่อสถานศึกษา(ไทย),ชื่อสถานศึกษา(อังกฤษ),ตำบล,อำเภอ,จังหวัด,ระดับที่เปิดสอน",
        "1055320001,55010001,550001,บ้านสมมติ,Ban Sommut,ในเวียง,เมืองน่าน,น่าน,อนุบาล-ม.3",
    )
    [place] = read_places([file], intake).places.to_pylist()
    assert (place["kind"], place["grade"], place["place_id"]) == ("school", "expansion", "1055320001")
    assert (place["name_en"], place["area_code"]) == ("Ban Sommut", "550101")


def test_a_mapping_says_what_no_guess_could(intake, tmp_path):
    file = write(tmp_path / "x.csv", "what,where1,where2,sort", "วัดร่วมใจ,18.79,100.78,หอ")
    assert [f.code for f in read_places([file], intake).report.rejections] == ["places.header"]
    saved = write(
        tmp_path / "map.toml", 'kind = "other"', "[columns]", 'name_th = "what"', 'latitude = "where1"', 'longitude = "where2"',
    )  # fmt: skip
    [place] = read_places([file], intake, mapping=saved).places.to_pylist()
    assert (place["kind"], place["area_code"], place["latitude"]) == ("other", "55", 18.79)
    assert place["name_th"] == "วัดร่วมใจ" and place["grade"] == "unknown"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[columns", "-"),
        ('sort = "health"', "sort"),
        ('kind = "pub"', "kind"),
        ('[columns]\nname = "a"', "columns.name"),
        ("[columns]\nname_th = 3", "columns"),
        ('[grades]\n"รพ." = "castle"', "grades.รพ."),
    ],
)
def test_a_mapping_that_cannot_be_used_says_where(intake, tmp_path, text, key):
    path = write(tmp_path / "map.toml", text)
    with pytest.raises(MappingError) as error:
        read_mapping(path)
    assert error.value.key == key
    table = write(tmp_path / "x.csv", "name,lat,lon", "โรงพยาบาล,18.79,100.78")
    [finding] = read_places([table], intake, mapping=path).report.rejections
    assert finding.code == "places.mapping" and finding.file == "map.toml"


def test_a_mapping_written_down_is_the_mapping_read(tmp_path):
    made = ColumnMapping(
        {"name_th": 'ชื่อ "เต็ม"\\', "latitude": "y", "longitude": "x"}, "health", {"ชั้น 1": "clinic"}, given=True
    )
    path = tmp_path / "map.toml"
    path.write_text(made.toml(), encoding="utf-8")
    assert read_mapping(path) == made


def test_the_first_of_several_columns_is_taken_and_the_rest_is_told(intake, tmp_path):
    assert guess(["ชื่อ", "ประเภท", "ระดับ", "lat", "lon"]).columns["grade"] == "ประเภท"
    file = write(tmp_path / "x.csv", "ชื่อ,ประเภท,ระดับ,lat,lon,tel", "โรงพยาบาล ก,คลินิก,1,18.79,100.78,0")
    [facts] = read_places([file], intake).report.facts["mapping"]
    assert facts["unread"] == ["ระดับ", "tel"] and facts["layout"] is None


def test_names_of_people_are_never_names_of_places(intake, tmp_path):
    kinds = guess(["ชื่อหน่วยงานต้นสังกัด", "ชื่อโรงเรียน", "lat", "lon"])
    assert kinds.columns["name_th"] == "ชื่อโรงเรียน"
    assert "name_th" not in guess(["ชื่อผู้อำนวยการ", "lat", "lon"]).columns
    head = write(tmp_path / "a.csv", "ชื่อผู้อำนวยการ,ชื่อโรงเรียน,lat,lon", "สมชาย ใจดี,โรงเรียนบ้านหนึ่ง,18.79,100.78")
    assert [f.code for f in read_places([head], intake).report.rejections] == ["places.personal"]
    rows = [f"โรงเรียนบ้าน {n},18.79,{100.7 + n / 100}" for n in range(9)]
    file = write(
        tmp_path / "b.csv", "ชื่อ,lat,lon", *rows, "นายสมชาย ใจดี,18.7,100.7", "นายแพทย์สมชาย คลินิก,18.7,100.71"
    )
    batch = read_places([file], intake, kind="other")
    assert not batch.report.rejections and batch.report.facts["left_out"] == {"person": 1}
    assert batch.places.num_rows == 10 and "สมชาย ใจดี" not in json.dumps(
        batch.report.to_json(), ensure_ascii=False
    )
    many = write(tmp_path / "c.csv", "ชื่อ,lat,lon", *rows[:4], "นายสมชาย ใจดี,18.7,100.7")
    assert [f.code for f in read_places([many], intake, kind="other").report.rejections] == [
        "places.personal"
    ]


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        *((h, None) for h in ("นักเรียนชาย", "จำนวนนักเรียนหญิง", "เตียงต่อประชากร", "นักเรียนยากจน", "นักเรียนชั้น ป.1")),
        *((h, "capacity") for h in ("นักเรียน", "จำนวนนักเรียนรวมทั้งหมด (คน)", "จำนวนเตียงเปิดจริง", "เตียงที่ใช้จริง")),
    ],
)
def test_only_a_total_is_what_a_place_holds(heading, role):
    assert guess_role(heading) == role


def test_a_status_is_read_whole_and_split_codes_keep_their_columns(intake, tmp_path):
    open_ones = ("เปิดบริการ (ปิดวันอาทิตย์)", "ไม่ปิด", "ยังไม่ยกเลิก", "Active (not closed)", "not closed")
    closed = ("ปิดถาวร", "ปิดวันที่ 1/1/2560", "ยกเลิก", "Inactive")
    file = write(
        tmp_path / "x.csv",
        "ชื่อ,lat,lon,สถานะ",
        *(f"โรงพยาบาล {n},18.79,100.7{n},{s}" for n, s in enumerate(open_ones + closed)),
    )
    assert read_places([file], intake).places.num_rows == len(open_ones)
    split = write(
        tmp_path / "y.csv",
        "ชื่อ,รหัสจังหวัด,รหัสอำเภอ,รหัสตำบล", "โรงพยาบาล 1,9,01,01", "โรงพยาบาล 2,90,10,99", "โรงพยาบาล 3,90,9010,901001",
        "โรงพยาบาล 4,90,10,01",
    )  # fmt: skip
    batch = read_places([split], intake)
    assert batch.places.column("area_code").to_pylist() == ["9010", "901001", "901001"]
    assert batch.report.facts["left_out"] == {"area": 1}


def test_one_long_number_in_a_column_nobody_reads_is_no_person(intake, tmp_path):
    rows = [
        f"โรงพยาบาล {n},18.79,{100.7 + n / 100},{9_000_000_000_000 + n if n else 1101700000001}"
        for n in range(20)
    ]
    file = write(tmp_path / "x.csv", "name,lat,lon,asset", *rows)
    assert read_places([file], intake).places.num_rows == 20
    beside = write(
        tmp_path / "y.csv",
        "name,lat,lon",
        *(r.rsplit(",", 1)[0] for r in rows),
        "โรงพยาบาล 1101700000001,18.79,100.9",
    )
    [finding] = read_places([beside], intake).report.rejections
    assert (finding.code, finding.found, finding.row) == ("places.personal", "13 digits", 22)


def test_where_the_kind_cannot_be_told_it_is_asked_for(intake, tmp_path):
    file = write(
        tmp_path / "x.csv",
        "name,lat,lon",
        "อาคาร 1,18.79,100.78",
        "โรงเรียน 2,18.79,100.79",
        "หอ 3,18.80,100.79",
    )
    [finding] = read_places([file], intake).report.rejections
    assert finding.code == "places.kind" and "--kind" in finding.mend_en
    assert read_places([file], intake, kind="other").places.num_rows == 3


def test_words_for_grades_that_nobody_knows_are_told_once(intake, tmp_path):
    rows = [f"โรงพยาบาล {n},ชั้นเอก,18.79,{100.7 + n / 100}" for n in range(4)]
    file = write(tmp_path / "x.csv", "name,type,lat,lon", *rows)
    batch = read_places([file], intake)
    [finding] = [f for f in batch.report.warnings if f.code == "places.grade_unknown"]
    assert finding.found == "ชั้นเอก (4)" and set(batch.places.column("grade").to_pylist()) == {"unknown"}


def test_rows_keep_their_id_whatever_their_order(intake, tmp_path):
    rows = ["โรงพยาบาล ก,18.79,100.78", "โรงพยาบาล ข,18.80,100.79", "โรงพยาบาล ค,18.81,100.80"]
    first = read_places([write(tmp_path / "a.csv", "name,lat,lon", *rows)], intake).places.to_pylist()
    again = read_places(
        [write(tmp_path / "b.csv", "name,lat,lon", *rows[::-1])], intake, title="a"
    ).places.to_pylist()
    ids = {p["name_th"]: (p["source_id"], p["place_id"]) for p in first}
    assert ids == {p["name_th"]: (p["source_id"], p["place_id"]) for p in again}
    assert first[0]["source_id"] == source_id("health", "a")


def test_the_command_publishes_once_and_writes_down_the_mapping(home, tmp_path, capsys):
    file = write(
        tmp_path / "hospitals.csv",
        "code,name,type,lat,lon",
        "1,โรงพยาบาล ก,รพช.,18.79,100.78",
        "2,โรงพยาบาล ข,รพท.,8.1,8.1",
    )
    saved = tmp_path / "map.toml"
    arguments = ["import", "places", str(file), "--source-title", "ทะเบียนทดสอบ", "--save-mapping", str(saved)]
    nothing = write(tmp_path / "odd.csv", "a,b", "1,2")
    assert main(["import", "places", str(nothing), "--save-mapping", str(tmp_path / "empty.toml")]) == 1
    assert (
        "[columns]" in (tmp_path / "empty.toml").read_text()
        and "subdistrict_code" in (tmp_path / "empty.toml").read_text()
    )
    capsys.readouterr()
    assert main([*arguments, "--dry-run", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (
        report["facts"]["left_out"] == {"same": 1}
        and report["rows_accepted"] == 1
        and report["snapshot"] is None
    )
    assert main(arguments) == 1, "a mapping somebody may have corrected is not written over"
    assert "map.toml" in capsys.readouterr().err
    assert main(["--language", "en", *arguments[:-2], "--mapping", str(saved), "--published"]) == 0
    assert "columns of hospitals.csv (given, health)" in capsys.readouterr().out
    house = Warehouse.open(Store(home))
    assert house.places.points("health")["name_th"].tolist() == ["โรงพยาบาล ก"]
    assert house.places.sources()["title_th"].tolist() == ["ทะเบียนทดสอบ"]
    assert main([*arguments[:-2], "--mapping", str(saved)]) == 0
    assert "ไม่มีอะไรใหม่" in capsys.readouterr().out
    write(file, "code,name,type,lat,lon", "3,โรงพยาบาล ค,รพช.,18.80,100.78")
    assert main(arguments[:-2]) == 0
    assert Warehouse.open(Store(home)).places.points("health")["place_id"].tolist() == ["3"]


def test_no_province_of_a_source_disappears_unless_that_is_said(home, tmp_path, capsys):
    head = "code,name,lat,lon"
    nan, phrae = ["1,โรงพยาบาล ก,18.79,100.78", "2,โรงพยาบาล ข,18.80,100.78"], ["3,โรงพยาบาล ค,18.14,100.14"]
    title = ["--source-title", "ทะเบียน", "--json"]

    def bring(*rows: str, more: tuple[str, ...] = ()) -> tuple[int, dict]:
        code = main(["import", "places", str(write(tmp_path / "x.csv", head, *rows)), *title, *more])
        return code, json.loads(capsys.readouterr().out)

    assert bring(*nan, *phrae)[0] == 0
    code, report = bring(*phrae, "4,โรงพยาบาล ง,18.15,100.15")
    assert code != 0 and [f["code"] for f in report["rejections"]] == ["places.provinces_gone"]
    assert "น่าน -2" in report["rejections"][0]["found"]
    code, report = bring(*phrae, nan[0])
    assert code == 0 and [
        (f["code"], f["found"]) for f in report["warnings"] if f["code"] == "places.fewer"
    ] == [("places.fewer", "น่าน -1")]
    code, report = bring(*phrae, more=("--replace",))
    [lost] = report["facts"]["disappear"].values()
    assert code == 0 and lost == {"55": 1}
    assert set(Warehouse.open(Store(home)).places.points("health", located=False)["area_code"].str[:2]) == {
        "54"
    }
