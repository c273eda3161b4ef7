"""How a reader turns a file away: findings with the place, what was found, what was expected and the
remedy.
"""

from __future__ import annotations

from warehouse.report import Finding, Severity

#: code -> remedy in Thai and English. One place, so that the two languages stay together.
MENDS: dict[str, tuple[str, str]] = {
    "intake.missing": ("ตรวจชื่อไฟล์และตำแหน่งของไฟล์", "check the file's name and where it is"),
    "intake.not_a_file": ("ระบุไฟล์ ไม่ใช่โฟลเดอร์หรืออุปกรณ์", "name a file, not a folder or a device"),
    "intake.empty": (
        "ขอไฟล์ใหม่จากผู้ส่ง ไฟล์นี้ไม่มีข้อมูล",
        "ask the sender for the file again; this one holds nothing",
    ),
    "intake.too_large": ("แบ่งไฟล์ให้เล็กลง", "split the file into smaller ones"),
    "intake.unreadable": (
        "เปิดไฟล์ด้วยโปรแกรมต้นทางแล้วบันทึกใหม่ หรือขอไฟล์ใหม่จากผู้ส่ง",
        "open it in the program that made it and save it again, or ask the sender for it again",
    ),
    "intake.crashed": (
        "ไฟล์นี้ทำให้ตัวอ่านหยุดทำงาน ไฟล์อาจเสีย ขอไฟล์ใหม่จากผู้ส่ง",
        "this file stopped the reader; it may be damaged, ask the sender for it again",
    ),
    "intake.timeout": (
        "ไฟล์นี้ใช้เวลาอ่านนานเกินกำหนด แบ่งไฟล์ หรือขอไฟล์ใหม่จากผู้ส่ง",
        "this file took too long to read; split it, or ask the sender for it again",
    ),
    "intake.memory": ("ไฟล์นี้ใช้หน่วยความจำเกินกำหนด แบ่งไฟล์ให้เล็กลง", "this file needs too much memory; split it"),
    "intake.unconfined": (
        "แจ้งผู้ดูแลระบบ ตัวอ่านไฟล์แผนที่เปิดรูปแบบที่ไม่อนุญาต",
        "tell the administrator: the map reader would open kinds of file that are not allowed",
    ),
    "csv.nul": ("บันทึกใหม่เป็น CSV UTF-8 ไฟล์นี้ไม่ใช่ข้อความล้วน", "save as CSV UTF-8; this file is not plain text"),
    "csv.encoding": (
        "บันทึกใหม่เป็น CSV UTF-8 ทั้งไฟล์ ไฟล์นี้ปนหลายรหัสอักษรหรือใช้รหัสที่ไม่รู้จัก",
        "save the whole file as CSV UTF-8; it mixes encodings or uses an unknown one",
    ),
    "csv.header_only": ("เพิ่มแถวข้อมูล ไฟล์นี้มีเพียงหัวตาราง", "add the rows; this file has a header only"),
    "csv.unclosed_quote": (
        'ปิดเครื่องหมายคำพูด " ให้ครบคู่ หรือเขียน "" แทน " ในข้อความ',
        'close the quotation mark, or write "" for a " inside a text',
    ),
    "csv.ragged": (
        "ใส่จำนวนช่องให้เท่ากับหัวตาราง ข้อความที่มีเครื่องหมายคั่นต้องอยู่ในเครื่องหมายคำพูด",
        "give the row as many cells as the header; quote any text that contains the delimiter",
    ),
    "csv.duplicate_header": ("ตั้งชื่อคอลัมน์ไม่ให้ซ้ำกัน", "give every column a name of its own"),
    "csv.too_wide": ("ลดจำนวนคอลัมน์", "send fewer columns"),
    "vector.kind": (
        "ส่งเป็น shapefile ใน zip, GeoPackage, GeoJSON หรือ GeoParquet",
        "send a zipped shapefile, a GeoPackage, GeoJSON or GeoParquet",
    ),
    "vector.zip": (
        "บีบอัดใหม่ให้มีเฉพาะไฟล์ .shp .shx .dbf .prj .cpg ของแผนที่ชุดเดียว ไม่มีโฟลเดอร์ย้อนกลับ",
        "zip only the .shp, .shx, .dbf, .prj and .cpg of one layer again, without paths that climb out",
    ),
    "vector.several": (
        "ระบุว่าต้องการชั้นข้อมูลใด หรือส่งทีละชั้น",
        "say which layer is meant, or send one layer a file",
    ),
    "vector.part_missing": (
        "ส่งไฟล์ .shp .shx .dbf มาด้วยกันใน zip เดียว",
        "send the .shp, .shx and .dbf together in one zip",
    ),
    "vector.no_features": (
        "ขอไฟล์ใหม่จากผู้ส่ง ไม่มีรูปในไฟล์",
        "ask the sender for the file again; it holds no features",
    ),
    "vector.no_geometry": ("ส่งไฟล์ที่มีรูปแผนที่", "send a file that has geometries"),
    "vector.counts": (
        "ขอ shapefile ใหม่ .shp กับ .dbf มีจำนวนไม่เท่ากันหรือไฟล์ขาด",
        "ask for the shapefile again: .shp and .dbf differ in number, or the file is cut short",
    ),
}


def finding(
    code: str,
    file: str,
    found: str,
    expected: str,
    *,
    row: int | None = None,
    column: str | None = None,
    severity: Severity = "reject",
) -> Finding:
    """Make a finding with the remedy that belongs to `code`."""
    th, en = MENDS[code]
    return Finding(severity, code, file, row, column, found, expected, th, en)


class Refused(Exception):  # noqa: N818  (a verdict, not a malfunction)
    """Raised by a reader: the file is not accepted, for these reasons."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(findings[0].code)
        self.findings = findings
