"""Maps on paper: the size of the sheet, where things lie on it, and that names stay names."""

import html
import io
import json
import math
import re
import shutil
import subprocess
import threading
from dataclasses import replace

import numpy as np
import pyproj
import pytest
from PIL import Image

from ui import print_map
from ui.overlay_legend import Legend, Ramp, Row, Square
from ui.print_map import (
    DPI,
    PAPERS,
    SYMBOLS,
    Areas,
    Document,
    Paper,
    Picture,
    Points,
    PrintBusy,
    Sheet,
    render,
    svg,
)
from ui.qr import QUIET, code_of, qr_png, qr_svg

THAILAND = (97.34, 5.61, 105.64, 20.47)
SQUARE = json.dumps(
    {"type": "Polygon", "coordinates": [[[100, 13], [101, 13], [101, 14], [100, 14], [100, 13]]]}
)


def legends():
    return [
        Legend("อัตราคนจนเป้าหมาย", "ร้อยละ", [Row((153, 0, 0), "1–2", "1,234"), Row((51, 51, 51), "จังหวัด", None, "line")]),
        Legend("สอง", square=Square([[(222, 222, 222)], [(243, 179, 0)]], [["1"], ["2"]], ["≤1"], ["≤2", ">2"], "แสง", "จน")),
        Legend("แสง", ramp=Ramp([(66, 10, 104), (252, 255, 164)], [(0.0, "0.2"), (1.0, "200")]), notes=["VIIRS"]),
        Legend("จุด", rows=[Row((5, 113, 176), name, "3", name) for name in SYMBOLS]),
    ]  # fmt: skip


def document(**changes):
    made = Document(
        title="ความยากจนและโรงเรียน",
        subtitle="ประเทศไทย",
        badges=["ข้อมูลจำลอง"],
        legends=legends(),
        footer=["ระยะเส้นตรง"],
        link="http://127.0.0.1:8501/overlay?area=TH",
        language="th",
        north="เหนือ",
        scale_words="มาตราส่วน",
        alt="แผนที่",
    )
    return replace(made, **changes)


def drawn():
    png = io.BytesIO()
    Image.new("P", (4, 4)).save(png, "PNG")
    return [
        Areas({"10": SQUARE}, {"10": (153, 0, 0)}, (255, 255, 255), 0.1),
        Picture(png.getvalue(), (99.0, 12.0, 102.0, 15.0), 0.5),
        *(Points(np.array([[100.5, 13.5]]), [(5, 113, 176)], name, 1.6) for name in SYMBOLS),
    ]


@pytest.mark.parametrize("paper", PAPERS, ids=str)
def test_a_sheet_has_the_size_of_its_paper_as_pdf_and_as_picture(paper):
    width, height = paper.size
    pdf = render(document(), drawn(), THAILAND, paper, "pdf")
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(boxes) == 1, "one page"
    points = [float(edge) for edge in boxes[0]]
    assert points == pytest.approx([width / 25.4 * 72, height / 25.4 * 72], abs=0.1)
    png = Image.open(io.BytesIO(render(document(), drawn(), THAILAND, paper, "png")))
    assert png.size == paper.pixels
    assert png.size == pytest.approx((width / 25.4 * DPI, height / 25.4 * DPI), abs=1)
    # The legend is written beside the frame and inside the sheet.
    assert paper.frame[0] > 0.55 * width and paper.frame[1] > 0.6 * height


def test_the_title_is_text_in_the_pdf(tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext of poppler-utils is not on this machine")
    file = tmp_path / "map.pdf"
    file.write_bytes(render(document(), drawn(), THAILAND, PAPERS[0], "pdf"))
    told = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
    assert "ความยากจน" in told and "ข้อมูลจำลอง" in told


def title_of(pdf):
    return html.unescape(re.search(rb'x-default">(.*?)</rdf:li>', pdf, re.S)[1].decode())


def test_the_file_knows_its_title_and_brings_the_thai_font():
    pdf = render(document(), drawn(), THAILAND, PAPERS[0], "pdf")
    assert title_of(pdf) == "ความยากจนและโรงเรียน"
    assert b"NotoSansThai" in pdf


@pytest.mark.parametrize(
    "name",
    ['#image("/etc/passwd")', "#sys.inputs", "*b* _i_ $x$ <label> @cite", "// x /* y", "\\u{41} #{1+1}", "</svg><script>"],
)  # fmt: skip
def test_a_name_that_looks_like_a_program_is_written_as_it_is(name):
    hostile = document(
        title=name,
        subtitle=name,
        badges=[name],
        legends=[Legend(name, name, [Row((153, 0, 0), name, name)], strong=[name], notes=[name])],
        footer=[name],
        link=f"http://127.0.0.1/?q={name}",
        north=name,
        alt=name,
    )
    assert title_of(render(hostile, drawn(), THAILAND, PAPERS[0], "pdf")) == name


def test_the_template_evaluates_and_reads_nothing():
    program = re.sub(r"//.*", "", print_map.TEMPLATE.read_text(encoding="utf-8"))
    assert not re.search(r"\b(eval|read|include|import|plugin|csv|yaml|toml|xml|cbor)\b\s*[(\"]", program)
    # The call that reads JSON and those that draw a picture are given bytes, not the name of a file.
    assert re.findall(r"\bjson\((\w+)", program) == ["bytes"]
    assert re.findall(r"\bimage\((\w+)", program) == ["bytes", "bytes"]


def test_ten_long_legends_still_stand_on_one_sheet():
    long = [replace(one, notes=["คำอธิบายที่ยาวมาก " * 12] * 3) for one in legends() * 3]
    for paper in PAPERS[:2]:
        pdf = render(document(legends=long, footer=["หมายเหตุ " * 80] * 6), drawn(), THAILAND, paper, "pdf")
        assert len(re.findall(rb"/MediaBox", pdf)) == 1


def test_colours_and_symbols_that_could_be_anything_else_are_refused():
    sheet = Sheet.fit(THAILAND, PAPERS[0].frame)
    for wrong in (("red", 0, 0), ('0"/><script>', 0, 0), (0.5, 0, 0)):
        with pytest.raises(ValueError, match="format code"):
            svg([Areas({"10": SQUARE}, None, wrong, 0.1)], sheet)
    with pytest.raises(ValueError, match="symbol"):
        svg([Points(np.zeros((1, 2)), [(0, 0, 0)], "skull", 1.0)], sheet)
    with pytest.raises(ValueError, match="a4 or a3"):
        Paper("a5", True)
    with pytest.raises(ValueError, match="kind of print"):
        render(document(), [], THAILAND, PAPERS[0], "exe")


def test_places_are_those_of_spherical_mercator():
    sheet = Sheet.fit(THAILAND, (128.0, 228.0))
    lonlat = np.array([[97.34, 20.47], [105.64, 5.61], [100.5, 13.75]])
    peer = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    x, y = peer.transform(lonlat[:, 0], lonlat[:, 1])
    mine = sheet.place(lonlat)
    factor = sheet.scale / 6_378_137.0
    assert np.diff(mine[:, 0]) == pytest.approx(np.diff(x) * factor, abs=1e-6)
    assert np.diff(mine[:, 1]) == pytest.approx(-np.diff(y) * factor, abs=1e-6)
    assert (mine > 0).all() and (mine < [128.0, 228.0]).all()


@pytest.mark.parametrize("bbox", [THAILAND, (101.0, 5.6, 101.9, 6.7), (100.5, 13.7, 100.52, 13.71)])
def test_the_scale_bar_is_as_long_as_it_says(bbox):
    sheet = Sheet.fit(bbox, PAPERS[1].frame)
    metres = sheet.bar
    degrees = math.degrees(metres / sheet.metres / sheet.scale)
    geod = pyproj.Geod(ellps="WGS84")
    at = sheet.latitude
    _, _, true = geod.inv(100.0, at, 100.0 + degrees, at)
    # The geodesic between two places of a parallel is a hair shorter than the parallel.
    assert true == pytest.approx(metres, rel=2e-3)
    assert 0.1 * sheet.width <= metres / sheet.metres <= 0.3 * sheet.width
    assert re.fullmatch(r"[125]0*", str(int(metres)))
    west, south, east, north = sheet.bounds
    assert west < bbox[0] and east > bbox[2] and south < bbox[1] and north > bbox[3]
    worst = max(
        abs(geod.inv(100, at, 100.001, at)[2] / geod.inv(100, y, 100.001, y)[2] - 1) for y in (south, north)
    )
    assert sheet.deviation == pytest.approx(100 * worst, abs=0.01)


def test_what_lies_outside_the_frame_is_not_drawn():
    sheet = Sheet.fit((101.0, 5.6, 101.9, 6.7), PAPERS[0].frame)
    empty = svg([], sheet)
    far = svg(
        [
            Areas({"10": SQUARE}, {"10": (153, 0, 0)}, (255, 255, 255), 0.1),
            Points(np.array([[100.5, 13.5]]), [(5, 113, 176)], "circle", 1.0),
        ],
        sheet,
    )
    assert "<path" not in far and len(far) < len(empty) + 300


def test_one_print_is_made_at_a_time_and_the_others_are_told():
    with print_map._queue(1):
        faults = []

        def other():
            try:
                render(document(), drawn(), THAILAND, PAPERS[0], "pdf", patience=0.05)
            except PrintBusy as error:
                faults.append(str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(faults) == 1 and "try again" in faults[0]
    assert render(document(), drawn(), THAILAND, PAPERS[0], "pdf", patience=0.05)


def shades(png, left, top, side, n):
    """Whether each of n x n equal fields of a part of a picture is dark in its middle."""
    grey = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    at = (np.arange(n) + 0.5) * side / n
    return grey[np.ix_(np.round(top + at).astype(int), np.round(left + at).astype(int))] < 128


def corner(paper):
    """Left, top and side of the code in pixels: as high as the footer, in the lower right corner."""
    pixel = DPI / 25.4 * paper.unit
    width, height = paper.size
    side = print_map._FOOTER
    return (
        (width / paper.unit - print_map._MARGIN - side) * pixel,
        (height / paper.unit - print_map._MARGIN - side) * pixel,
        side * pixel,
    )


@pytest.mark.parametrize(
    ("link", "paper"),
    [
        (document().link, PAPERS[0]),
        ("https://daomap.example/overlay?" + "layers=areas~place!" * 14, PAPERS[3]),
    ],
)
def test_the_code_on_the_sheet_is_that_of_the_printed_link(link, paper):
    png = render(document(link=link), drawn(), THAILAND, paper, "png")
    matrix = np.array([list(row) for row in code_of(link).matrix_iter(border=0)], dtype=bool)
    n = len(matrix) + 2 * QUIET
    seen = shades(png, *corner(paper), n)
    assert (seen[QUIET:-QUIET, QUIET:-QUIET] == matrix).all()
    assert not seen[:QUIET].any() and not seen[:, :QUIET].any(), "white around it"
    # A telephone reads modules of a quarter of a millimetre.
    assert print_map._FOOTER * paper.unit / n >= 0.25


def test_without_a_link_there_is_no_code():
    bare = render(document(link=""), [], THAILAND, PAPERS[0], "png")
    assert not shades(bare, *corner(PAPERS[0]), 40).any()
    assert qr_svg("") == "" and qr_png("x" * 3000) is None


def test_no_data_and_hidden_numbers_are_told_without_colours():
    sheet = Sheet.fit((99.0, 12.0, 102.0, 15.0), PAPERS[0].frame)
    plain, marked = (
        svg([Areas({"10": SQUARE}, {"10": (208, 212, 215)}, (255, 255, 255), 0.1, marks=marks)], sheet)
        for marks in ({}, {"10": "hidden"})
    )
    assert "url(#hidden)" in marked and "url(#hidden)" not in plain
    with pytest.raises(ValueError, match="mark"):
        svg([Areas({"10": SQUARE}, None, (255, 255, 255), 0.1, marks={"10": "stripes"})], sheet)
    made = {}
    for mark in ("", "none", "hidden"):
        area = Areas(
            {"10": SQUARE}, {"10": (208, 212, 215)}, (255, 255, 255), 0.1, marks={"10": mark} if mark else {}
        )
        legend = Legend("ไม่มีข้อมูล", rows=[Row((208, 212, 215), "ไม่มีข้อมูล", "1", mark or "swatch")])
        png = render(document(legends=[legend]), [area], (99.0, 12.0, 102.0, 15.0), PAPERS[0], "png")
        made[mark] = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    lines = {mark: int((picture < 190).sum()) for mark, picture in made.items()}
    # Lines one way, and twice as many both ways.
    assert lines["none"] > lines[""] + 5000
    assert 1.5 < (lines["hidden"] - lines[""]) / (lines["none"] - lines[""]) < 2.2
