"""The store survives kills, wrong keys and damage, tells each in one line, and never holds anything in clear."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.browser.conftest import ROOT
from tests.desk.made import files, household, person, personal, write
from warehouse.desk.errors import DeskError
from warehouse.desk.keys import Keys
from warehouse.desk.read import read_people
from warehouse.desk.store import DeskStore
from warehouse.snapshots import StoreBusy


def people(intake, keys, folder, year=2023, **options):
    report, made = read_people(list(files(folder, **options)), intake, keys, year=year, synthetic=True)
    assert made is not None, report.rejections
    return made


@pytest.fixture
def filled(desk, intake, keys, tmp_path):
    desk.write(people(intake, keys, tmp_path / "in", households=12))
    return desk


def one_line(error):
    for language in ("th", "en"):
        text = error.value.text(language)
        assert "\n" not in text and len(text) < 400
        assert not any(value in text for value in personal(12))
    return error.value.text("en")


def test_the_file_holds_nothing_in_clear_but_its_format(filled):
    data = filled.path.read_bytes()
    for value in ("household", "identity", "550101", *personal(12)):
        assert value.encode() not in data, value
    assert filled.path.stat().st_mode & 0o777 == 0o600 and filled.home.stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in filled.home.iterdir()) == ["lock", "persons.duckdb"]


def test_a_year_takes_the_place_of_itself_and_no_other(filled, intake, keys, tmp_path):
    before = filled.households(2023, "TH")
    filled.write(people(intake, keys, tmp_path / "next", year=2024, households=5))
    about = filled.about()
    assert (about.years, about.households, about.persons) == ((2024, 2023), 17, 51)
    changed = write(tmp_path / "h.csv", [household(1, area_code="950101", ind22=1)])
    lone = write(tmp_path / "p.csv", [person(900, 1, age=33)])
    _, made = read_people([changed, lone], intake, keys, year=2023, synthetic=True)
    filled.write(made)
    after = filled.households(2023, "TH")
    code = keys.code("household", "H00001")[:32]
    assert len(after) == 12 and after.set_index("household_id").loc[code, "members"] == 1
    same = before["household_id"] != code
    assert before[same].reset_index(drop=True).equals(after[same.to_numpy()].reset_index(drop=True))
    assert filled.household_of("9000000000003") == (2024, code)  # the newest year that knows the person
    filled.write(people(intake, keys, tmp_path / "few", year=2023, households=2), replace=True)
    assert [len(filled.households(year, "TH")) for year in (2023, 2024)] == [2, 5]


def written(desk, intake, keys, folder, homes, people, year=2023, **options):
    folder.mkdir()
    paths = [write(folder / "h.csv", homes), write(folder / "p.csv", people)]
    report, made = read_people(paths, intake, keys, year=year, synthetic=True)
    assert made is not None, report.rejections
    return made, desk.write(made, **options)


def test_who_moved_is_counted_where_they_live_now(desk, intake, keys, tmp_path):
    three = [person(0, 0, age=30), person(1, 0, age=3, welfare_card=1), person(2, 1, age=40)]
    written(
        desk, intake, keys, tmp_path / "a", [household(0), household(1), household(2)], [*three, person(3, 2)]
    )
    moved = [person(1, 1, age=3, welfare_card=1), person(2, 1, age=40), person(3, 1)]
    _, about = written(desk, intake, keys, tmp_path / "b", [household(1)], moved)
    codes = [keys.code("household", f"H{n:05d}")[:32] for n in range(3)]
    homes = desk.households(2023, "TH").set_index("household_id")
    assert about.persons == 4 and [int(homes.loc[code, "members"]) for code in codes] == [1, 3, 0]
    assert (homes.loc[codes[0], "dependants"], homes.loc[codes[0], "cards"]) == (
        0,
        int(three[0]["welfare_card"]),
    )
    records = [desk.record(2023, code)[1] for code in codes]
    assert [len(record) for record in records] == [1, 3, 0]
    assert records[0]["first_name"].tolist() == [three[0]["first_name"]]
    # In another year they may live elsewhere.
    written(desk, intake, keys, tmp_path / "c", [household(0)], [person(1, 0)], year=2024)
    assert desk.about().persons == 5


def test_only_the_last_import_brings_nothing_new(desk, intake, keys, tmp_path):
    first = [household(7, ind22=0)], [person(70, 7)]
    one, _ = written(desk, intake, keys, tmp_path / "a", *first)
    assert desk.about().holds(one.import_id, replace=False)
    assert not desk.about().holds(one.import_id, replace=True)
    written(
        desk,
        intake,
        keys,
        tmp_path / "b",
        [household(7, ind22=1), household(8)],
        [person(71, 7), person(80, 8)],
    )
    assert not desk.about().holds(one.import_id, replace=False)
    desk.write(one)  # back to the first files: a correction of a correction
    assert desk.about().holds(one.import_id, replace=False) and len(desk.about().imports) == 2
    code = keys.code("household", "H00007")[:32]
    homes = desk.households(2023, "TH").set_index("household_id")
    assert homes.loc[code, "ind22"] == 0 and len(homes) == 2
    desk.write(one, replace=True)  # and the other household is erased
    assert desk.about().households == 1
    other, about = written(desk, intake, keys, tmp_path / "c", *first, year=2022)
    assert other.import_id != one.import_id and about.years == (2023, 2022)


def test_an_area_is_a_prefix(filled):
    whole = filled.households(2023, "TH")
    for area in ("55", "5501", "550101", "95", "10"):
        inside = filled.households(2023, area)
        assert set(inside["household_id"]) == set(
            whole.loc[whole["area_code"].str.startswith(area), "household_id"]
        )


def test_real_and_synthetic_never_meet(filled, intake, keys, tmp_path):
    real = write(tmp_path / "h.csv", [household(1)]), write(tmp_path / "p.csv", [person(1, 1, citizen_id="")])
    _, made = read_people(list(real), intake, keys, year=2023, synthetic=False)
    with pytest.raises(DeskError, match="may not lie in one store"):
        filled.write(made)
    assert filled.about().households == 12


def test_wrong_keys(filled, keys):
    other = DeskStore(filled.home, Keys("0f" * 32, keys.identity))
    with pytest.raises(DeskError) as caught:
        other.about()
    assert "key of the store is wrong" in one_line(caught) and "0f0f" not in one_line(caught)
    mixed = DeskStore(filled.home, Keys(keys.store, bytes(32)))
    with pytest.raises(DeskError) as caught:
        mixed.about()
    assert "identity key is not the one" in one_line(caught)
    mixed.close()
    assert filled.about().households == 12


def test_nobody_writes_with_a_wrong_key(filled, intake, keys, tmp_path):
    data = filled.path.read_bytes()
    wrong = Keys("0f" * 32, keys.identity)
    made = people(intake, wrong, tmp_path / "more", year=2024, households=3)
    with pytest.raises(DeskError):
        DeskStore(filled.home, wrong).write(made)
    assert filled.path.read_bytes() == data


@pytest.mark.parametrize("how", ["cut", "flipped", "empty", "plain", "text"])
def test_a_damaged_file_is_told_and_kept(filled, how):
    filled.close()
    data = bytearray(filled.path.read_bytes())
    if how == "cut":
        data = data[: len(data) // 3]
    elif how == "flipped":
        for at in range(5000, len(data), 97):
            data[at] ^= 0x5A
    elif how == "empty":
        data = bytearray()
    elif how == "text":
        data = bytearray(b"household_id,area_code\n" * 1000)
    if how == "plain":
        import duckdb

        filled.path.unlink()
        with duckdb.connect(str(filled.path)) as plain:
            plain.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
    else:
        filled.path.write_bytes(bytes(data))
    kept = filled.path.read_bytes()
    with pytest.raises(DeskError) as caught:
        filled.about()
    assert ("not encrypted" if how == "plain" else "damaged") in one_line(caught)
    assert filled.path.read_bytes() == kept


def test_two_writers(filled, intake, keys, tmp_path):
    made = people(intake, keys, tmp_path / "more", year=2024, households=3)
    with filled.writing(), pytest.raises(StoreBusy) as caught:
        DeskStore(filled.home, keys).write(made)
    assert str(os.getpid()) in one_line(caught)
    assert filled.about().households == 12
    filled.write(made)
    assert filled.about().households == 15


def test_readers_go_on_and_see_the_new_store(filled, intake, keys, tmp_path):
    reader = DeskStore(filled.home, keys)
    assert reader.about().households == 12
    filled.write(people(intake, keys, tmp_path / "more", year=2024, households=3))
    assert reader.about().households == 15
    reader.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from warehouse.desk.keys import find_keys
from warehouse.desk.read import read_people
from warehouse.desk.store import DeskStore
from warehouse.intake import Intake
from warehouse.settings import load_settings
home, folder = map(Path, sys.argv[1:])
keys = find_keys(load_settings())
with Intake(workers=1) as intake:
    report, made = read_people([folder], intake, keys, year=2024, synthetic=True)
for step in ("copy", "add", "check", "replace"):
    child = os.fork()
    if not child:
        def mark(name):
            if name == step:
                os.kill(os.getpid(), signal.SIGKILL)
        DeskStore(home, keys).write(made, mark=mark)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (step, status)
    left = [p for p in home.iterdir() if ".part" in p.name]
    print(step, len(left), *(oct(p.stat().st_mode & 0o077) for p in left))
    for path in left:
        path.rename(home.parent / f"left-{step}-{path.suffix[1:]}")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_import_leaves_the_store_as_it_was(filled, intake, keys, tmp_path):
    filled.close()
    data = filled.path.read_bytes()
    files(tmp_path / "more", 4)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(filled.home), str(tmp_path / "more")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    steps = [line.split() for line in done.stdout.splitlines()]
    assert [step for step, *_ in steps] == ["copy", "add", "check", "replace"]
    assert all(int(count) >= 1 and set(modes) == {"0o0"} for _, count, *modes in steps)
    assert filled.path.read_bytes() == data
    for path in tmp_path.glob("left-*"):
        assert not any(value.encode() in path.read_bytes() for value in personal(12))
    # What a killed writer leaves is swept by the next one.
    (filled.home / "x.part").write_bytes(b"")
    filled.write(people(intake, keys, tmp_path / "again", year=2024, households=4))
    assert filled.about().households == 16
    assert not [p for p in filled.home.iterdir() if ".part" in p.name]


def test_a_full_disk_or_closed_folder_changes_nothing(filled, intake, keys, tmp_path, monkeypatch):
    made = people(intake, keys, tmp_path / "more", year=2024, households=3)

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeskError, match="No space left"):
        filled.write(made)
    monkeypatch.undo()
    assert filled.about().households == 12


def test_nothing_spills_and_no_other_file_can_be_opened(filled):
    import duckdb

    assert filled.about() is not None
    connection = filled._open[1].cursor()
    for sql in (
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY desk.person TO '/tmp/out.csv'",
        "ATTACH '/tmp/x.db' AS x",
        "SET enable_external_access = true",
        "SET max_temp_directory_size = '1GB'",
        "INSERT INTO desk.meta VALUES ('a', 'b')",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(sql)
