"""The reading workers: what comes out of a file, what is refused, and that nothing a file does reaches the server."""

from __future__ import annotations

import io
import json
import os
import socket
import struct
import sys
import threading
import zipfile
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pyogrio
import pytest
import shapely

from warehouse.intake import Intake, Job, Result
from warehouse.intake.frames import FrameError, read_frame, write_frame
from warehouse.intake.text import decode, sniff


@pytest.fixture(scope="module")
def intake():
    with Intake(workers=1, timeout=20) as pool:
        yield pool


def one(intake: Intake, kind: str, path: Path, **options: object) -> Result:
    [result] = intake.read([Job(kind, path, options)])
    return result


def csv_result(intake: Intake, tmp_path: Path, data: bytes, **options: object) -> Result:
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    return one(intake, "csv", path, **options)


# ------------------------------------------------------------------------------------------------------------
# Text


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("รหัส,ชื่อ\n0801,ก้านเหลือง\n".encode(), "utf-8"),
        ("\ufeffรหัส,ชื่อ\n0801,ก้านเหลือง\n".encode(), "utf-8-sig"),
        ("รหัส,ชื่อ\n0801,ก้านเหลือง\n".encode("utf-16"), "utf-16"),
        ("\ufeffรหัส,ชื่อ\n0801,ก้านเหลือง\n".encode("utf-16-be"), "utf-16"),
        ("รหัส,ชื่อ\n0801,ก้านเหลือง\n".encode("cp874"), "cp874"),
        ("รหัส;ชื่อ\r\n0801;ก้านเหลือง\r\n".encode(), "utf-8"),
        ("รหัส\tชื่อ\n0801\tก้านเหลือง\n".encode(), "utf-8"),
    ],
)
def test_encodings_and_delimiters(intake, tmp_path, data, encoding):
    result = csv_result(intake, tmp_path, data)
    assert result.refusal is None
    assert result.facts["encoding"] == encoding
    assert result.table.to_pylist() == [{"รหัส": "0801", "ชื่อ": "ก้านเหลือง", "_row": 2}]


def test_windows_874_extras_are_read(intake, tmp_path):
    result = csv_result(intake, tmp_path, "ชื่อ,b\nโรง".encode("cp874") + b"\xa0\x93x\x94,1\n")
    assert result.facts["encoding"] == "cp874"
    assert result.table.column("ชื่อ")[0].as_py() == "โรง\u00a0“x”"


def test_rows_are_numbered_as_a_spreadsheet_numbers_them(intake, tmp_path):
    result = csv_result(intake, tmp_path, b'\na,b\n1,"x\ny"\n\n2,z\n\n')
    assert result.table.column("_row").to_pylist() == [3, 5]
    assert result.table.column("b").to_pylist() == ["x\ny", "z"]
    assert result.facts["header_row"] == 2


def test_everything_stays_text(intake, tmp_path):
    result = csv_result(intake, tmp_path, b"code,n,blank\n0801, 1.50 ,\n")
    assert result.table.to_pylist() == [{"code": "0801", "n": " 1.50 ", "blank": "", "_row": 2}]


REFUSED_TEXT = {
    "empty": (b"", "intake.empty", None),
    "blank": (b"\xef\xbb\xbf \n\n", "intake.empty", None),
    "only_commas": (b",,\n,,\n", "intake.empty", None),
    "header_only": (b"a,b\n", "csv.header_only", 1),
    "nul": (b"a,b\n1,2\n3,\x004\n", "csv.nul", 3),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "intake.kind", None),
    "unclosed": (b'a,b\n1,2\n3,"4\n5,6\n', "csv.unclosed_quote", 3),
    "quote_in_quoted": (b'a,b\n1,"x" y\n', "csv.unclosed_quote", 2),
    "ragged_long": (b"a,b\n1,2\n1,2,3\n", "csv.ragged", 3),
    "ragged_short": (b"a,b\n1\n", "csv.ragged", 2),
    "duplicate_header": (b"a,b,a\n1,2,3\n", "csv.duplicate_header", 1),
    "mixed_encodings": ("a,b\nไทย,1\n".encode() + "ไทย,2\n".encode("cp874"), "csv.encoding", 3),
    "no_encoding": (b"a,b\n\xff\xdb\xde,1\n", "csv.encoding", 2),
    "utf16_cut": ("a,b\n1,2\n".encode("utf-16")[:-1], "csv.encoding", None),
}


@pytest.mark.parametrize("name", sorted(REFUSED_TEXT))
def test_broken_text_is_refused_with_its_place(intake, tmp_path, name):
    data, code, row = REFUSED_TEXT[name]
    result = csv_result(intake, tmp_path, data)
    assert result.table is None and result.refusal is not None
    assert result.refusal.code.startswith(code)
    assert result.refusal.file == "table.csv"
    if row is not None:
        assert result.refusal.row == row
    assert result.refusal.mend_th and result.refusal.mend_en and result.refusal.found


def test_every_ragged_row_is_named(intake, tmp_path):
    result = csv_result(intake, tmp_path, b"a,b\n1\n1,2\n1,2,3\n")
    assert [(f.row, f.found, f.expected) for f in result.findings] == [(2, "1", "2"), (4, "3", "2")]


def test_a_header_of_two_rows_is_joined_when_asked_for(intake, tmp_path):
    data = "รหัส,คนจน,,รวม\n,2561,2566,\n83,1,2,3\n".encode()
    result = csv_result(intake, tmp_path, data, header_rows=2)
    assert result.table.to_pylist() == [
        {"รหัส": "83", "คนจน / 2561": "1", "คนจน / 2566": "2", "รวม": "3", "_row": 3}
    ]
    assert result.facts["header_row"] == 2
    twice = csv_result(intake, tmp_path, b"a,p,\n,x,x\n1,2,3\n", header_rows=2)
    assert twice.refusal.code == "csv.duplicate_header"
    short = csv_result(intake, tmp_path, b"a,b\n", header_rows=2)
    assert short.refusal.code == "intake.empty"


def test_a_western_file_is_not_read_as_thai(intake, tmp_path):
    result = csv_result(intake, tmp_path, "a,b\nx,Café\n".encode("cp1252"))
    assert (result.refusal.code, result.refusal.row) == ("csv.encoding", 2)


def test_loose_sheets_keep_short_rows(intake, tmp_path):
    result = csv_result(intake, tmp_path, b"A table of things\n\na,b\n1,2\n", header=False)
    assert result.table.to_pylist() == [
        {"c1": "A table of things", "c2": None, "_row": 1},
        {"c1": "a", "c2": "b", "_row": 3},
        {"c1": "1", "c2": "2", "_row": 4},
    ]


def test_a_long_file_comes_whole(intake, tmp_path):
    rows = 45_000
    result = csv_result(intake, tmp_path, b"a,b\n" + b"".join(b"%d,x\n" % i for i in range(rows)))
    assert result.table.num_rows == rows
    assert result.table.column("a")[-1].as_py() == str(rows - 1)
    assert result.table.column("_row")[-1].as_py() == rows + 1


def test_row_and_size_limits(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 100)
    with Intake(workers=1, max_bytes=100) as small:
        assert one(small, "csv", path).refusal.code == "intake.too_large"
    with Intake(workers=1) as pool:
        assert one(pool, "csv", path, max_rows=10).refusal.code == "intake.too_large"


def test_decoding_never_falls_to_latin1():
    text, encoding = decode("ประเทศไทย".encode("cp874"), "f")
    assert (text, encoding) == ("ประเทศไทย", "cp874")
    assert sniff('"a;b",c\n1,2') == "," and sniff("a;b;c\n") == ";" and sniff("one\n") == ","


# ------------------------------------------------------------------------------------------------------------
# The pool


def test_order_is_kept_over_many_files(tmp_path):
    paths = []
    for i in range(230):
        path = tmp_path / f"{i:03d}.csv"
        path.write_text("a,b\n" + f"{i},x\n" * (1 + i % 7))
        paths.append(path)
    with Intake(workers=2, batch=9) as pool:
        results = list(pool.read(Job("csv", path) for path in paths))
    assert [r.job.path for r in results] == paths
    assert [r.table.column("a")[0].as_py() for r in results] == [str(i) for i in range(230)]
    assert all(len(r.facts["sha256"]) == 64 and r.facts["rows"] == r.table.num_rows for r in results)


def test_a_missing_file_a_folder_and_an_unknown_reader_are_verdicts(intake, tmp_path):
    assert one(intake, "csv", tmp_path / "no.csv").refusal.code == "intake.missing"
    assert one(intake, "csv", tmp_path).refusal.code == "intake.not_a_file"
    path = tmp_path / "x.csv"
    path.write_text("a\n1\n")
    assert one(intake, "pickle", path).refusal.code == "intake.unreadable"
    assert one(intake, "csv", path).refusal is None


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
def test_a_file_that_never_ends_is_a_verdict_and_the_rest_is_read(tmp_path):
    good = tmp_path / "good.csv"
    good.write_text("a\n1\n")
    device = tmp_path / "pipe.csv"
    os.mkfifo(device)
    with Intake(workers=1) as pool:
        results = list(pool.read([Job("csv", good), Job("csv", device), Job("csv", good)]))
    assert [r.refusal.code if r.refusal else None for r in results] == [None, "intake.not_a_file", None]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_worker_that_dies_costs_one_file(tmp_path):
    paths = []
    for i in range(40):
        path = tmp_path / f"{i}.csv"
        path.write_text("a\n" + "1\n" * 2000)
        paths.append(path)
    with Intake(workers=1, batch=40) as pool:
        results = pool.read(Job("csv", p) for p in paths)
        first = next(results)
        pool._workers[0]._process.kill()  # as the kernel does when memory runs out
        rest = list(results)
    assert first.refusal is None and len(rest) == 39
    dead = [r for r in rest if r.refusal is not None]
    assert len(dead) <= 1 and all(r.refusal.code == "intake.crashed" for r in dead)


def test_a_worker_that_hangs_is_replaced(tmp_path, monkeypatch):
    wide = tmp_path / "slow.csv"
    wide.write_bytes(b"a,b,c,d,e,f,g,h\n" + b"1,2,3,4,5,6,7,8\n" * 3_000_000)
    good = tmp_path / "good.csv"
    good.write_text("a\n1\n")
    with Intake(workers=1, timeout=1.5) as pool:
        slow, after = pool.read([Job("csv", wide), Job("csv", good)])
    assert slow.refusal.code == "intake.timeout" and after.refusal is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space limit")
def test_memory_is_limited(tmp_path):
    big = tmp_path / "big.csv"
    with big.open("wb") as out:
        out.write(b"a\n")
        out.truncate(220 << 20)
    with Intake(workers=1, memory_mb=700) as pool:
        result = one(pool, "csv", big)
    assert result.refusal.code in {"intake.memory", "intake.crashed", "csv.nul"}


def test_workers_say_what_confines_them(intake, tmp_path):
    one(intake, "csv", tmp_path / "none.csv")
    assert "environment" in intake.measures
    if sys.platform.startswith("linux"):
        assert {"address_space", "core", "file_size", "open_files"} <= set(intake.measures)


def test_a_consumer_that_stops_early_leaves_a_working_pool(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with Intake(workers=1, batch=4) as pool:
        for _ in pool.read(Job("csv", path) for _ in range(100)):
            break
        assert len(list(pool.read([Job("csv", path)] * 3))) == 3


def test_frames_are_bounded_and_plain():
    pipe = io.BytesIO()
    write_frame(pipe, {"a": "ก"}, b"xyz")
    pipe.seek(0)
    assert read_frame(pipe) == ({"a": "ก"}, b"xyz")
    for data in (b"", b"\x00" * 5, struct.pack(">IQ", 1 << 31, 0), struct.pack(">IQ", 2, 0) + b"[]"):
        with pytest.raises(FrameError):
            read_frame(io.BytesIO(data))


# ------------------------------------------------------------------------------------------------------------
# Vector files


def squares(n: int = 2, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"code": [f"TH{83 + i}" for i in range(n)], "name": ["ภูเก็ต", "สุราษฎร์ธานี"][:n], "n": [1, 2][:n]},
        geometry=[shapely.box(98 + i, 7, 99 + i, 8) for i in range(n)],
        crs=crs,
    )


def shapefile(folder: Path, encoding: str = "UTF-8", cpg: bool = False, stem: str = "areas") -> Path:
    pyogrio.write_dataframe(squares(), folder / f"{stem}.shp", encoding=encoding)
    if not cpg:
        (folder / f"{stem}.cpg").unlink(missing_ok=True)
    return folder / f"{stem}.shp"


def zipped(folder: Path, path: Path, *stems: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            if part.stem in stems and part != path:
                archive.write(part, part.name)
    return path


@pytest.mark.parametrize("kind", ["gpkg", "geojson", "parquet", "shp", "zip"])
def test_vector_formats(intake, tmp_path, kind):
    path = tmp_path / f"areas.{kind}"
    if kind == "parquet":
        squares().to_parquet(path)
    elif kind == "zip":
        shapefile(tmp_path, cpg=True)
        zipped(tmp_path, path, "areas")
    else:
        pyogrio.write_dataframe(squares(), path)
    result = one(intake, "vector", path)
    assert result.refusal is None, result.refusal
    assert result.facts["crs"] == "EPSG:4326" and result.facts["encoding"] in ("utf-8", "cp874")
    table = result.table
    assert table.column("code").to_pylist() == ["TH83", "TH84"]
    assert table.column("name").to_pylist() == ["ภูเก็ต", "สุราษฎร์ธานี"]
    assert table.column("n").to_pylist() == ["1", "2"] and pa.types.is_binary(table.column("geometry").type)
    assert shapely.from_wkb(table.column("geometry")[0].as_py()).equals(squares().geometry[0])


def test_a_shapefile_without_cpg_keeps_its_bytes(intake, tmp_path):
    path = shapefile(tmp_path, cpg=False)
    result = one(intake, "vector", path)
    assert result.facts["encoding"] is None
    raw = result.table.column("name")[0].as_py()
    assert raw.encode("latin-1").decode("utf-8") == "ภูเก็ต"


def test_a_thai_cpg_is_obeyed(intake, tmp_path):
    path = shapefile(tmp_path, encoding="CP874", cpg=True)
    (tmp_path / "areas.cpg").write_text("TIS-620")
    result = one(intake, "vector", path)
    assert result.facts["encoding"] == "cp874"
    assert result.table.column("name").to_pylist() == ["ภูเก็ต", "สุราษฎร์ธานี"]


def test_no_projection_is_said(intake, tmp_path):
    path = shapefile(tmp_path)
    (tmp_path / "areas.prj").unlink()
    assert one(intake, "vector", path).facts["crs"] is None


def test_a_zip_with_several_layers_wants_one_named(intake, tmp_path):
    shapefile(tmp_path)
    shapefile(tmp_path, stem="other")
    path = zipped(tmp_path, tmp_path / "two.zip", "areas", "other")
    refusal = one(intake, "vector", path).refusal
    assert refusal.code == "vector.several" and "areas.shp" in refusal.found and "other.shp" in refusal.found
    assert one(intake, "vector", path, layer="other").facts["layer"] == "other"
    assert one(intake, "vector", path, layer="third").refusal.code == "vector.several"


def test_a_geopackage_with_several_layers_wants_one_named(intake, tmp_path):
    path = tmp_path / "two.gpkg"
    pyogrio.write_dataframe(squares(), path, layer="a")
    pyogrio.write_dataframe(squares(1), path, layer="b", append=True)
    assert one(intake, "vector", path).refusal.code == "vector.several"
    assert one(intake, "vector", path, layer="b").table.num_rows == 1


def _slip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../areas.shp", b"x")


def _bomb(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("areas.shp", b"\x00" * (8 << 20))


def _crowd(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(400):
            archive.writestr(f"{i}.shp", b"x")


def _no_layer(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", b"x")


def _no_dbf(path: Path, folder: Path) -> None:
    shapefile(folder)
    (folder / "areas.dbf").unlink()
    zipped(folder, path, "areas")


def _cut(path: Path, folder: Path) -> None:
    shp = shapefile(folder)
    shp.write_bytes(shp.read_bytes()[:-60])
    zipped(folder, path, "areas")


def _short_dbf(path: Path, folder: Path) -> None:
    shapefile(folder)
    dbf = folder / "areas.dbf"
    data = bytearray(dbf.read_bytes())
    data[4:8] = (1).to_bytes(4, "little")
    dbf.write_bytes(data)
    zipped(folder, path, "areas")


def _broken_zip(path: Path, folder: Path) -> None:
    shapefile(folder)
    zipped(folder, path, "areas")
    path.write_bytes(path.read_bytes()[:-40])


def _symlink(path: Path, folder: Path) -> None:
    member = zipfile.ZipInfo("areas.shp")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, b"/etc/passwd")


def _damaged_member(path: Path, folder: Path) -> None:
    shapefile(folder)
    zipped(folder, path, "areas")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("areas.shp").header_offset
    data[at + 45 : at + 60] = b"\xff" * 15
    path.write_bytes(data)


REFUSED_ZIPS = {
    "slip": (_slip, "zip.name"),
    "bomb": (_bomb, "zip.ratio"),
    "crowd": (_crowd, "zip.members"),
    "symlink": (_symlink, "zip.link"),
    "no_layer": (_no_layer, "vector.kind"),
    "no_dbf": (_no_dbf, "vector.part_missing"),
    "cut_shp": (_cut, "vector.counts"),
    "short_dbf": (_short_dbf, "vector.counts"),
    "broken_zip": (_broken_zip, "intake.unreadable"),
    "damaged_member": (_damaged_member, "intake.unreadable"),
}


@pytest.mark.parametrize("name", sorted(REFUSED_ZIPS))
def test_zips_that_are_refused(intake, tmp_path, name):
    make, code = REFUSED_ZIPS[name]
    path = tmp_path / "areas.zip"
    make(path, tmp_path)
    refusal = one(intake, "vector", path).refusal
    assert refusal is not None and refusal.code == code


SECRET = "citizen-1100700000001"


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".csv", ".kml", ".zip"])
def test_a_file_that_points_at_another_file_is_not_followed(intake, tmp_path, suffix):
    secret = tmp_path / "households.csv"
    secret.write_text(f"cid,lon,lat\n{SECRET},100,13\n")
    vrt = (
        f'<OGRVRTDataSource><OGRVRTLayer name="households"><SrcDataSource>{secret}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    gdalg = json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {secret}"})
    for number, text in enumerate((vrt, gdalg)):
        path = tmp_path / f"evil{number}{suffix}"
        if suffix == ".zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("evil.geojson", text)
        else:
            path.write_text(text)
        result = one(intake, "vector", path)
        assert result.table is None and result.refusal is not None
        assert all(SECRET not in f.line("en") for f in result.findings)


def test_a_projection_that_is_a_link_is_not_fetched(intake, tmp_path):
    hits: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(3)

    def listen() -> None:
        try:
            connection, _ = server.accept()
            hits.append(connection.recv(100))
            connection.close()
        except OSError:
            return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    link = f"http://127.0.0.1:{server.getsockname()[1]}/crs"
    document = json.loads(squares().to_json())
    document["crs"] = {"type": "link", "properties": {"href": link, "type": "proj4"}}
    path = tmp_path / "link.geojson"
    path.write_text(json.dumps(document))
    result = one(intake, "vector", path)
    server.close()
    thread.join()
    assert result.refusal is not None and not hits


def test_only_three_drivers_are_left_in_the_worker(tmp_path):
    import subprocess

    from warehouse.intake.confine import ENVIRONMENT
    from warehouse.intake.gdal import ALLOWED, skip_environment

    listed = subprocess.run(
        [sys.executable, "-c", "import pyogrio; print('\\n'.join(pyogrio.list_drivers()))"],
        env={**os.environ, **ENVIRONMENT, **skip_environment()},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert set(listed) == ALLOWED


def test_text_that_is_no_map(intake, tmp_path):
    for name, text, code in (
        ("a.geojson", "{", "intake.unreadable"),
        ("b.geojson", '{"type": "Topology"}', "vector.kind"),
        ("c.geojson", '{"type": "FeatureCollection", "features": []}', "vector."),
        ("d.csv", "a,b\n1,2\n", "vector.kind"),
        ("e.gpkg", "SQLite format 3\x00" + "x" * 200, "intake.unreadable"),
        ("f.parquet", "PAR1" + "x" * 50 + "PAR1", "intake.unreadable"),
    ):
        path = tmp_path / name
        path.write_bytes(text.encode("latin-1"))
        refusal = one(intake, "vector", path).refusal
        assert refusal is not None and refusal.code.startswith(code), (name, refusal)
