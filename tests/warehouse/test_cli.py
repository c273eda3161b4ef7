"""The command line as scripts use it: its streams and its exit codes, now and then through its own process."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from warehouse.cli import Progress, main, report_lines
from warehouse.report import Check, Finding, ImportReport

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = [
    "area_code",
    "name_th",
    "name_en",
    "value",
    "numerator",
    "denominator",
    "unit",
    "year",
    "definition",
    "source",
    "suppressed",
]


def run(home: Path, *arguments: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in this process, which has loaded its libraries already; `a_process` is the real one."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("DAOMAP_HOME", str(home))
        patch.delenv("DAOMAP_CONFIG", raising=False)
        if config is not None:
            patch.setenv("DAOMAP_CONFIG", str(config))
        patch.chdir(ROOT)
        try:
            code = main(list(arguments))
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else 1
    return subprocess.CompletedProcess(list(arguments), code, out.getvalue(), err.getvalue())


def a_process(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person starts it."""
    environment = {k: v for k, v in os.environ.items() if k != "DAOMAP_CONFIG"}
    return subprocess.run(
        [sys.executable, "-m", "warehouse.cli", *arguments],
        cwd=ROOT,
        env=environment | {"DAOMAP_HOME": str(home)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    done = a_process(folder, "build")
    assert done.returncode == 0, done.stderr
    return folder


def test_build_twice_is_nothing_new(home: Path) -> None:
    done = a_process(home, "--language", "en", "build")
    assert done.returncode == 0 and done.stdout.startswith("nothing new: snap-000001-")
    assert "เป็นปัจจุบันแล้ว" in run(home, "build").stdout


def test_query_prints_the_columns_scripts_rely_on(home: Path) -> None:
    done = run(home, "query", "target_poor_rate", "--level", "province", "--year-be", "2561")
    assert done.returncode == 0 and done.stderr == ""
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == COLUMNS and len(rows) == 77
    by_code = {row["area_code"]: row for row in rows}
    assert (by_code["10"]["value"], by_code["10"]["suppressed"]) == ("", "false")
    assert float(by_code["58"]["value"]) == pytest.approx(13.712, abs=0.0005)
    assert (by_code["58"]["numerator"], by_code["58"]["denominator"]) == ("22783", "166152")
    assert (by_code["58"]["year"], by_code["58"]["unit"]) == ("2018", "percent")
    assert "TPMAP" in by_code["58"]["source"]


def test_query_as_json_in_an_area_of_the_latest_year(home: Path) -> None:
    done = run(home, "query", "target_poor", "--level", "province", "--area", "41", "--format", "json")
    [row] = json.loads(done.stdout)
    assert list(row) == COLUMNS
    assert (row["area_code"], row["year"], row["value"], row["denominator"]) == ("41", 2023, 12117, None)


def test_query_by_source(home: Path) -> None:
    done = run(home, "query", "surveyed_persons", "--level", "country", "--year-be", "2566",
               "--source", "tpmap-figures-2566")  # fmt: skip
    [row] = csv.DictReader(io.StringIO(done.stdout))
    assert row["value"] == "35843220"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("query", "nope", "--level", "country"), 2, "unknown indicator"),
        (("query", "target_poor", "--level", "country", "--area", "99"), 2, "unknown area"),
        (("query", "target_poor", "--level", "country", "--source", "x"), 2, "unknown source"),
        (("query", "target_poor", "--level", "village"), 1, "levels with data: country, province"),
        (("query", "target_poor"), 2, "--level"),
        (("query", "target_poor", "--level", "country", "--year-be", "2018"), 2, "Buddhist year"),
        (("import", "livestock", "x"), 2, "invalid choice"),
        (("import", "tpmap", "no-such-folder"), 1, "there is no no-such-folder"),
        (("rollback", "snap-000009-000000000000"), 1, "no snapshot"),
        (("rollback",), 1, "no earlier snapshot"),
        ((), 2, "COMMAND"),
    ],
)
def test_exit_codes(
    home: Path,
    arguments: tuple[str, ...],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DAOMAP_HOME", str(home))
    monkeypatch.delenv("DAOMAP_CONFIG", raising=False)
    try:
        returned = main(["--language", "en", *arguments])
    except SystemExit as stop:  # argparse leaves this way
        returned = stop.code
    assert returned == code
    assert words in capsys.readouterr().err


def test_sources_snapshots_and_check(home: Path) -> None:
    sources = json.loads(run(home, "sources", "--json").stdout)
    assert {s["source_id"] for s in sources} >= {"tpmap-figures-2561", "nesdc-gpp-2024"}
    assert "The Nation Thailand" in run(home, "sources").stdout
    [snapshot] = json.loads(run(home, "snapshots", "--json").stdout)
    assert snapshot["current"] and snapshot["version"] == 1
    done = run(home, "--language", "en", "check")
    assert done.returncode == 0 and "sound" in done.stdout and "duckdb 1.5.5" in done.stdout


def test_check_finds_damage_and_query_goes_on(tmp_path: Path) -> None:
    assert run(tmp_path, "build").returncode == 0
    assert run(tmp_path, "build", "--force").returncode == 0
    newest = sorted((tmp_path / "snapshots").iterdir())[-1]
    database = newest / "warehouse.duckdb"
    database.chmod(0o644)
    with database.open("r+b") as handle:
        handle.seek(70_000)
        handle.write(b"\xff" * 64)
    done = run(tmp_path, "--language", "en", "check")
    assert done.returncode == 1 and "damaged" in done.stderr and "warehouse.duckdb" in done.stdout
    asked = run(
        tmp_path, "--language", "en", "query", "target_poor", "--level", "country", "--year-be", "2561"
    )
    assert asked.returncode == 0 and "1032987" in asked.stdout and "damaged" in asked.stderr


def test_wrong_settings_stop_everything_in_the_language_asked(tmp_path: Path) -> None:
    config = tmp_path / "bad.toml"
    config.write_text("[server]\nport = 0\n[nonsense]\nx = 1\n", encoding="utf-8")
    done = run(tmp_path, "build", config=config)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 2 and "ควรเป็น" in done.stderr
    done = run(tmp_path, "--language", "en", "build", config=config)
    assert "server.port: found 0, expected 1 to 65535" in done.stderr
    assert not (tmp_path / "snapshots").exists()


def test_serve_says_in_one_line_that_the_port_is_taken(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(home, "--language", "en", "serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"port {port} is in use. To mend: daomap serve --port {port + 1}, or stop what uses it"
    ]


def test_a_home_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = run(blocked, "--language", "en", "build")
    assert done.returncode == 1 and "cannot use" in done.stderr and "Traceback" not in done.stderr


def _tpmap(folder: Path, poor: int = 40) -> Path:
    """Two made-up files in TPMAP's form: Yala's denominators and its target poor."""
    numbers = [1, 4, 5, 7, 8, 9, 10, 11, 15, 16, 17, 19, 20, 21, 22, 27, 28]
    every = range(1, 32)
    common = ["province_ID", "household.CNT", "HOUSEMEMBER_CNT", "MOF_REG_CNT", "MOF_VAL_CNT", "ELDERLY_CNT",
              "DISABLED_CNT", "CHRONICPATIENT_CNT", "happiness"]  # fmt: skip
    common += [f"indicator{n}.ALL" for n in every] + [f"indicator{n}.CNT" for n in every]
    cells = ["95", "400", "1600", "500", "450", "200", "30", "60", "7.5"] + ["1600"] * 31 + ["40"] * 31
    masks = [
        "province_ID",
        "poor.household.CNT",
        "poor.JPT.CNT",
        "poor.JPT.MOFreg.CNT",
        "poor.JPT.MOFval.CNT",
    ]
    masks += [f"poor.JPT.MOFval.{d}" for d in ("health", "living", "education", "income", "accessibility")]
    masks += ["JPT.MOFval.pov.rate"] + [f"poor.JPT.MOFval.ind{n}.CNT" for n in every]
    poor_cells = ["95", "20", "80", "50", str(poor), str(poor), "0", "0", "0", "0", str(100 * poor / 1600)]
    poor_cells += [str(poor) if n in numbers[:4] else "0" for n in every]
    folder.mkdir(exist_ok=True)
    (folder / "61_province_common.csv").write_text(f"{','.join(common)}\n{','.join(cells)}\n")
    (folder / "61_province_11111.csv").write_text(f"{','.join(masks)}\n{','.join(poor_cells)}\n")
    return folder


def test_import_dry_run_publish_repeat_and_rollback(tmp_path: Path) -> None:
    files = _tpmap(tmp_path / "files")
    home = tmp_path / "home"
    assert run(home, "build").returncode == 0
    ask = (
        "query",
        "target_poor",
        "--level",
        "province",
        "--area",
        "95",
        "--year-be",
        "2561",
        "--format",
        "json",
    )

    done = run(home, "import", "tpmap", str(files), "--dry-run", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["snapshot"] is None and report["rows_read"] == 2 and report["rejections"] == []
    assert json.loads(run(home, *ask).stdout)[0]["value"] == 15579

    done = run(home, "import", "tpmap", str(files), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["snapshot"].startswith("snap-000002-")
    assert {"rows_read", "rows_accepted", "rows_rejected", "rejections", "repairs", "checks"} <= set(report)
    asked = json.loads(run(home, *ask, "--source", "tpmap-2561").stdout)
    assert asked[0]["value"] == 40
    # One province that contradicts the shipped figures: the agency's own file has priority for the whole level.
    assert json.loads(run(home, *ask).stdout)[0]["value"] == 40

    again = run(home, "--language", "en", "import", "tpmap", str(files))
    assert again.returncode == 0 and "nothing new" in again.stdout
    assert len(json.loads(run(home, "snapshots", "--json").stdout)) == 2

    assert run(home, "rollback").returncode == 0
    assert json.loads(run(home, *ask).stdout)[0]["value"] == 15579
    # What was rolled back is not in the current snapshot, so the same files are news again.
    assert json.loads(run(home, "import", "tpmap", str(files), "--json").stdout)["snapshot"] > "snap-000003"


def test_a_refused_import_changes_nothing(tmp_path: Path) -> None:
    files = _tpmap(tmp_path / "files", poor=-5)
    home = tmp_path / "home"
    assert run(home, "build").returncode == 0
    pointer = (home / "CURRENT").read_bytes()
    done = run(home, "import", "tpmap", str(files))
    assert done.returncode == 1 and "ไม่มีอะไรเปลี่ยน" in done.stdout
    report = json.loads(run(home, "import", "tpmap", str(files), "--json").stdout)
    assert report["rejections"] and report["snapshot"] is None
    assert (home / "CURRENT").read_bytes() == pointer
    assert len(list((home / "snapshots").iterdir())) == 1
    assert not list((home / "staging").iterdir())


def test_first_import_into_an_empty_home_brings_the_shipped_figures(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run(home, "import", "tpmap", str(_tpmap(tmp_path / "files"))).returncode == 0
    done = run(home, "query", "mpi_poor", "--level", "country", "--year-be", "2566", "--format", "json")
    assert json.loads(done.stdout)[0]["value"] == 655365


def test_report_in_words_names_what_failed_and_shortens_long_lists() -> None:
    report = ImportReport(kind="tpmap", files=2, rows_read=30, rows_accepted=5, rows_rejected=25)
    for row in range(25):
        report.add(Finding("reject", "x", "f.csv", row, "n", "-1", ">= 0", "แก้", "correct it"))
    report.repairs["padded"] = 1200
    report.checks.append(Check("c", "ผลรวม", "sums", 10, 3))
    lines = report_lines(report, "en")
    assert sum(line.startswith("refused: f.csv row") for line in lines) == 20
    assert "refused: and 5 more (see --json)" in lines
    assert "repaired: padded × 1,200" in lines and "failed: sums (3/10)" in lines
    assert lines[-1] == "not published; nothing changed"
    assert report_lines(report, "th")[0].startswith("tpmap: ไฟล์ 2")


def test_formulas_in_names_are_text_in_csv(capsys: pytest.CaptureFixture[str]) -> None:
    from warehouse.cli import _cell

    for text in ("=1+1", "+1+1", "-cmd", "@x", "\t=x", "＝1", " =1"):
        assert _cell(text) == "'" + text
    for text in ("-5.2", "0105", "+66812345678"):
        assert _cell(text) == text
    assert _cell("ยะลา") == "ยะลา" and _cell(-1.5) == -1.5 and _cell(None) == ""


def test_progress_is_a_bar_on_a_terminal_and_few_lines_elsewhere() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, lines in ((Terminal(), 1), (io.StringIO(), 2)):
        progress = Progress("en", stream)
        for n in range(101):
            progress("read" if n < 50 else "publish", n / 100)
        assert stream.getvalue().count("\n") == lines
