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
    "intake.kind": (
        "ส่งไฟล์ให้ตรงกับชนิดที่ต้องการ เนื้อไฟล์ไม่ตรงกับนามสกุลหรือไม่ใช่ชนิดที่รับ",
        "send a file of the expected kind; the content is not what its name says, or not a kind that is taken",
    ),
    "intake.answer": (
        "ไฟล์นี้ให้ผลลัพธ์ใหญ่หรือผิดรูปเกินกว่าจะรับ แบ่งไฟล์ หรือขอไฟล์ใหม่จากผู้ส่ง",
        "what came out of this file is too large or malformed; split it, or ask the sender for it again",
    ),
    "intake.link": (
        "ส่งไฟล์จริงแทนลิงก์ที่ชี้ไปไฟล์อื่น",
        "send the file itself instead of a link to another file",
    ),
    "intake.gdal_old": (
        "แจ้งผู้ดูแลระบบให้ปรับรุ่นไลบรารีตาม uv.lock",
        "tell the administrator to install the library versions of uv.lock",
    ),
    "zip.members": ("บีบอัดเฉพาะไฟล์ที่ต้องการ", "zip only the files that are needed"),
    "zip.name": (
        "บีบอัดใหม่ด้วยชื่อไฟล์ธรรมดา ไม่ซ้ำกัน ไม่มีเส้นทางย้อนกลับหรือเส้นทางเต็ม",
        "zip again with plain file names that do not repeat, without full paths or paths that climb out",
    ),
    "zip.link": ("บีบอัดไฟล์จริงแทนลิงก์", "zip the files themselves instead of links"),
    "zip.encrypted": ("บีบอัดใหม่โดยไม่ใส่รหัสผ่าน", "zip again without a password"),
    "zip.nested": ("แตกไฟล์บีบอัดข้างในออก แล้วส่งทีละไฟล์", "unpack the archive inside and send its files"),
    "zip.method": ("บีบอัดใหม่เป็น zip ธรรมดา (deflate)", "zip again with the ordinary method (deflate)"),
    "zip.size": (
        "แบ่งไฟล์ให้เล็กลง หรือบีบอัดใหม่ถ้าขนาดที่ระบุไม่ตรง",
        "split the file, or zip it again where the size it states is wrong",
    ),
    "zip.ratio": (
        "ส่งไฟล์โดยไม่บีบอัด ไฟล์นี้ขยายใหญ่ผิดปกติเมื่อแตกออก",
        "send the file unpacked; it grows out of all proportion when unpacked",
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
    "csv.long_cell": (
        'ตรวจช่องที่ยาวผิดปกติ อาจเปิดเครื่องหมายคำพูด " แล้วไม่ปิด',
        'look for a cell that is far too long, perhaps a quotation mark " that is opened and never closed',
    ),
    "csv.ragged": (
        "ใส่จำนวนช่องให้เท่ากับหัวตาราง ข้อความที่มีเครื่องหมายคั่นต้องอยู่ในเครื่องหมายคำพูด",
        "give the row as many cells as the header; quote any text that contains the delimiter",
    ),
    "csv.duplicate_header": ("ตั้งชื่อคอลัมน์ไม่ให้ซ้ำกัน", "give every column a name of its own"),
    "parquet.nested": (
        "ส่งตารางธรรมดา คอลัมน์เป็นข้อความหรือตัวเลขเท่านั้น",
        "send a plain table: its columns may hold texts and numbers only",
    ),
    "csv.too_wide": ("ลดจำนวนคอลัมน์", "send fewer columns"),
    "vector.kind": (
        "ส่งเป็น shapefile ใน zip, GeoPackage, GeoJSON หรือ GeoParquet",
        "send a zipped shapefile, a GeoPackage, GeoJSON or GeoParquet",
    ),
    "vector.wal": (
        "ปิดไฟล์ในโปรแกรม GIS ให้เรียบร้อย (หรือส่งออกใหม่) แล้วส่ง ไฟล์นี้ยังมีการแก้ไขค้างอยู่ในไฟล์ -wal",
        "close the file in the GIS, or export it again, and send that: changes are still in its -wal file",
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
    "sheet.encrypted": (
        "เปิดด้วยรหัสผ่านแล้วบันทึกใหม่โดยไม่ใส่รหัส",
        "open it with its password and save it without one",
    ),
    "sheet.macros": (
        "บันทึกเป็น .xlsx ที่ไม่มีแมโคร",
        "save it as .xlsx without macros",
    ),
    "sheet.external": (
        "ตัดลิงก์ไปสมุดงานอื่น: คัดลอกแล้ววางเฉพาะค่า",
        "break the links to other workbooks: copy, then paste the values only",
    ),
    "sheet.connection": (
        "ไม่ต้องทำอะไร การเชื่อมต่อข้อมูลในสมุดงานไม่ถูกใช้",
        "nothing to do: the workbook's data connection was not used",
    ),
    "sheet.far_cell": (
        "ลบแถวและคอลัมน์ว่างที่อยู่หลังข้อมูล (กด Ctrl+End ดูเซลล์สุดท้าย) แล้วบันทึกใหม่",
        "delete the empty rows and columns after the data (Ctrl+End shows the last cell), then save again",
    ),
    "sheet.several": ("ระบุชื่อแผ่นงานที่ต้องการ", "name the sheet that is meant"),
    "sheet.none": ("ระบุชื่อแผ่นงานที่มีในไฟล์", "name a sheet that the file has"),
    "sheet.hidden": (
        "ตรวจว่าแผ่นงานที่ซ่อนไว้ไม่ใช่ข้อมูลที่ต้องการ แผ่นที่ซ่อนไม่ได้ถูกอ่าน",
        "check that the hidden sheets are not the data that is meant; they were not read",
    ),
    "sheet.hidden_rows": (
        "ตรวจว่าแถวที่ซ่อนหรือกรองไว้ควรนับด้วย แถวเหล่านี้ถูกอ่านเหมือนแถวอื่น",
        "check that the hidden or filtered rows count; they were read like the others",
    ),
    "sheet.merged_header": (
        "ยกเลิกการผสานเซลล์ที่หัวตาราง และให้หัวตารางมีแถวเดียว",
        "unmerge the header and give it one row",
    ),
    "sheet.merged": (
        "ยกเลิกการผสานเซลล์ แล้วใส่ค่าให้ครบทุกแถว มีเพียงเซลล์แรกที่มีค่า",
        "unmerge the cells and fill in every row; only the first cell holds the value",
    ),
    "sheet.formula": (
        "เปิดด้วยโปรแกรมตารางคำนวณแล้วบันทึก เพื่อให้สูตรมีค่า",
        "open it in a spreadsheet program and save it, so that the formula has its value",
    ),
    "sheet.error_cell": (
        "แก้สูตรที่ผิดพลาดให้เป็นค่า",
        "mend the formula that fails, so that the cell has a value",
    ),
    "sheet.epoch": (
        "ตรวจวันที่ ไฟล์นี้นับวันจากปี 1904 (Mac) และถูกแปลงให้แล้ว",
        "check the dates: the file counts days from 1904 (Mac); they were converted",
    ),
    "sheet.mixed": (
        "เก็บคอลัมน์รหัสเป็นข้อความทั้งหมด ตัวเลขทำให้ศูนย์นำหน้าหาย",
        "keep a column of codes as text throughout; a number loses its leading zeros",
    ),
    "sheet.blind": (
        "บันทึกเป็น .xlsx เพื่อให้ตรวจเซลล์ที่ผิดพลาดได้ ในไฟล์แบบนี้เซลล์ที่ผิดพลาดดูเหมือนเซลล์ว่าง",
        "save it as .xlsx: in this older format a cell that holds an error looks like an empty one",
    ),
    "raster.kind": (
        "ส่งเป็น GeoTIFF (.tif หรือ .tif.gz)",
        "send a GeoTIFF (.tif or .tif.gz)",
    ),
    "raster.too_large": (
        "ตัดภาพให้เหลือเฉพาะประเทศไทย หรือเลือกกรอบให้เล็กลง",
        "crop the raster to Thailand, or ask for a smaller window",
    ),
    "raster.no_crs": ("บันทึก GeoTIFF ใหม่ให้มีระบบพิกัด (CRS)", "save the GeoTIFF with its coordinate system"),
    "raster.no_transform": (
        "บันทึก GeoTIFF ใหม่ให้มีตำแหน่งและขนาดช่อง",
        "save the GeoTIFF with its position and cell size",
    ),
    "raster.rotated": ("แปลงภาพให้ทิศเหนืออยู่บน", "warp the raster so that north is up"),
    "raster.south_up": (
        "ไม่ต้องทำอะไร ภาพกลับหัวถูกกลับให้เหนืออยู่บนแล้ว",
        "nothing to do: the raster lay upside down and was turned",
    ),
    "raster.picture": (
        "ส่งค่าที่วัดได้ ไม่ใช่ภาพสี",
        "send the measured values, not a coloured picture",
    ),
    "raster.nodata": (
        "บันทึกใหม่ด้วยค่า nodata ที่ชนิดข้อมูลเก็บได้",
        "save it with a nodata value its data type can hold",
    ),
    "raster.no_nodata": (
        "บันทึกใหม่โดยระบุค่า nodata ค่าที่ไม่ใช่จำนวนถูกถือว่าไม่มีข้อมูล",
        "save it with a nodata value; cells that are no numbers are taken for no data",
    ),
    "raster.scaled": (
        "ไม่ต้องทำอะไร ตัวคูณและตัวบวกของไฟล์ต้องนำไปใช้ตอนนำเข้า",
        "nothing to do: the file's scale and offset are applied by the importer",
    ),
    "raster.outside": ("ส่งภาพที่คลุมประเทศไทย", "send a raster that covers Thailand"),
    "intake.changed": (
        "ไฟล์ถูกเขียนระหว่างอ่าน รอให้คัดลอกหรือดาวน์โหลดเสร็จแล้วลองใหม่",
        "the file was written to while it was read; wait until its copying or download is done and try again",
    ),
    "light.bands": (
        "ส่งทีละแถบ เช่น gdal_translate -b 1 เข้า.tif ออก.tif",
        "send one band a file: gdal_translate -b 1 in.tif out.tif",
    ),
    "light.metres": (
        "กำหนดระบบพิกัดใหม่ให้ตรง พิกัดในไฟล์เป็นเมตรแต่ไฟล์บอกว่าเป็นองศา (เช่น gdal_edit -a_srs EPSG:32647)",
        "give it its true coordinate system: its numbers are metres although it says degrees "
        "(for example gdal_edit -a_srs EPSG:32647)",
    ),
    "light.degrees": (
        "กำหนดระบบพิกัดใหม่ให้ตรง พิกัดในไฟล์เป็นองศาแต่ไฟล์บอกว่าเป็นเมตร (เช่น gdal_edit -a_srs EPSG:4326)",
        "give it its true coordinate system: its numbers are degrees although it says metres "
        "(for example gdal_edit -a_srs EPSG:4326)",
    ),
    "light.cell_size": (
        "ส่งภาพที่มีขนาดช่อง 1 พิลิปดา (30 เมตร) ถึง 0.5 องศา และรวมไม่เกิน 40 ล้านช่องในกรอบประเทศไทย",
        "send cells of 1 arc-second (30 m) to 0.5 degrees, at most 40 million of them in Thailand's window",
    ),
    "light.no_values": (
        "ขอไฟล์ใหม่จากผู้ส่ง ในกรอบประเทศไทยไม่มีค่าเลย",
        "ask for the file again: within Thailand's window no cell has a value",
    ),
    "light.constant": (
        "ขอไฟล์ใหม่จากผู้ส่ง ทุกช่องมีค่าเดียวกัน จึงไม่ใช่แสงกลางคืน",
        "ask for the file again: every cell has the same value, which no night light has",
    ),
    "light.range": (
        "ตรวจผลิตภัณฑ์ (--product) ตัวคูณ และค่า nodata ค่าในไฟล์อยู่นอกช่วงที่เป็นไปได้",
        "check the product (--product), the scale and the nodata value: the values are outside what it can have",
    ),
    "light.negative": (
        "ไม่ต้องทำอะไร ค่าติดลบเล็กน้อยเกิดจากการหักพื้นหลัง ถูกเก็บไว้ตามที่วัด",
        "nothing to do: small negative values come from taking the background off and are kept as measured",
    ),
    "light.nodata_undeclared": (
        "บันทึกใหม่โดยระบุค่า nodata ค่าที่ต่ำกว่า -10 ถูกถือว่าไม่มีข้อมูล",
        "save it with a nodata value; values below -10 are taken for no data",
    ),
    "light.fill": (
        "ตรวจกับผู้ส่งและบันทึกใหม่โดยระบุค่า nodata ค่าติดลบค่าเดียวนี้ซ้ำกันหลายช่องเกินกว่าจะเป็นแสงที่วัดได้ จึงถูกถือว่าไม่มีข้อมูล",
        "ask the sender, and save it with a nodata value: one negative value stands in so many cells that it is no light; "
        "they are taken for no data",
    ),
    "light.nodata_zero": (
        "บันทึกใหม่ด้วยค่า nodata อื่น เช่น -9999 (gdal_edit -unsetnodata) ค่า 0 คือความมืด ไม่ใช่ไม่มีข้อมูล",
        "save it with another nodata value (gdal_edit -unsetnodata): 0 is darkness, not missing data",
    ),
    "light.units": (
        "ตรวจหน่วย ค่าเป็นจำนวนเต็ม 0-63 ทั้งหมด เหมือน DN ของ DMSP ไม่ใช่ค่ารังสี ใช้ --product harmonised-dmsp-viirs",
        "check the unit: all values are whole numbers from 0 to 63, as digital numbers of DMSP are and radiance is not; "
        "--product harmonised-dmsp-viirs",
    ),
    "light.eight_bit": (
        "ตรวจหน่วย ไฟล์ 8 บิตที่มีแต่จำนวนเต็มมักเป็นภาพหรือ DN ไม่ใช่ค่ารังสี ขอไฟล์ค่ารังสีจากผู้ส่ง",
        "check the unit: 8-bit whole numbers are those of a picture or digital numbers and hardly radiance; ask for the radiances",
    ),
    "light.other_cells": (
        "ตรวจว่าตั้งใจ ขนาดช่องไม่ใช่ของผลิตภัณฑ์นี้ มีผู้รวมหรือแบ่งช่องใหม่ ข้อนี้บันทึกไว้กับภาพ ถ้าไม่ใช่ผลิตภัณฑ์นี้ ใช้ --product other",
        "check that it is meant: the cells are not those the product is published with, so somebody made others of them; this "
        "stays noted with the raster. --product other if it is no file of this product",
    ),
    "light.same_bytes": (
        "ตรวจชื่อไฟล์ ไฟล์เดียวกันทุกไบต์ถูกตั้งชื่อเป็นสองปี จึงมีชื่อหนึ่งที่ผิด",
        "check the names: one file, byte by byte, is named as two years, so one of the names is wrong",
    ),
    "light.month": (
        "ใส่เดือนในชื่อไฟล์ เช่น viirs_2022-03.tif ภาพรายเดือนเทียบกันได้เฉพาะเดือนเดียวกัน",
        "put the month into the name, such as viirs_2022-03.tif: monthly light compares with the same month only",
    ),
    "light.scaled": (
        "ไม่ต้องทำอะไร ตัวคูณและตัวบวกของไฟล์ถูกนำไปใช้แล้ว",
        "nothing to do: the file's scale and offset were applied",
    ),
    "light.reprojected": (
        "ถ้าทำได้ ส่งไฟล์ที่เป็นองศา (EPSG:4326) การแปลงพิกัดเฉลี่ยค่าตามพื้นที่ จึงทำให้ขอบแสงจางออกเล็กน้อย",
        "send it in degrees (EPSG:4326) where you can: it was averaged by area onto a new lattice, which softens edges",
    ),
    "light.part": (
        "ถ้าต้องการทั้งประเทศ ส่งไฟล์ที่เหลือมาพร้อมกัน พื้นที่นอกไฟล์ไม่มีข้อมูล",
        "send the other tiles with it if the whole country is wanted; areas outside have no data",
    ),
    "light.unknown_product": (
        "ระบุ --product (ถ้าไม่ทราบให้ใช้ --product other) หรือใช้ชื่อไฟล์เดิมของผู้จัดทำ",
        "say --product (--product other where it is not known), or keep the publisher's file name",
    ),
    "light.unknown_year": (
        "ระบุ --year ปีคริสต์ศักราช หรือ --year-be ปีพุทธศักราช",
        "say --year (common era) or --year-be (Buddhist era)",
    ),
    "light.year": (
        "ตรวจปี ผลิตภัณฑ์นี้ไม่มีปีดังกล่าว",
        "check the year: this product has none of it",
    ),
    "light.year_several": (
        "นำเข้าทีละปี หรือไม่ต้องระบุปี ให้อ่านปีจากชื่อไฟล์",
        "import one year at a time, or leave the year out and let it be read from the names",
    ),
    "light.overridden": (
        "ตรวจว่าตั้งใจ ชื่อไฟล์บอกอย่างหนึ่ง คำสั่งบอกอีกอย่าง และใช้ตามคำสั่ง",
        "check that it is meant: the file's name says one thing, the command another, and the command was followed",
    ),
    "light.no_light": (
        "ส่งแถบที่เป็นแสง เช่น average_masked แถบนี้ไม่ใช่ค่าแสง",
        "send a band of light such as average_masked; this one is none",
    ),
    "light.modelled": (
        "ส่งไฟล์จากดาวเทียมจริง ไฟล์นี้เป็นค่าจำลองของดาวแมป",
        "send what a satellite measured; this raster is modelled by Daomap itself",
    ),
    "light.observations": (
        "ส่งไฟล์ cf_cvg ที่มีผลิตภัณฑ์ รุ่น ปี ช่วงเวลา และการคัดกรองเดียวกันกับภาพแสง ในคำสั่งเดียวกัน",
        "send the cf_cvg file of the same product, version, year, period and mask together with its raster of light",
    ),
    "light.observations_part": (
        "ส่งแผ่นย่อย cf_cvg ที่เหลือมาพร้อมกัน ที่ที่มีแสงแต่ไม่มีจำนวนครั้งที่สังเกต ถือว่าไม่ทราบจำนวน ไม่ใช่ศูนย์",
        "send the other tiles of cf_cvg with it: where there is light and no count, the number is unknown and not zero",
    ),
    "light.observations_grid": (
        "ส่งไฟล์จำนวนครั้งที่สังเกตที่มีช่องตรงกับภาพแสง",
        "send a raster of observations with the same cells as that of the light",
    ),
    "light.conflict": (
        "ส่งไฟล์เดียวต่อปี หรือแผ่นย่อยที่ไม่ซ้อนทับกัน",
        "send one file a year, or tiles that do not contradict each other",
    ),
    "light.grid": (
        "ส่งไฟล์ของปีเดียวกันที่มีขนาดช่องและตำแหน่งช่องเดียวกัน",
        "send tiles of one year with the same cells",
    ),
    "light.nothing": ("ระบุไฟล์ภาพแสงกลางคืน", "name a raster of night light"),
    "light.columns": (
        "ตั้งชื่อคอลัมน์ lon, lat และ radiance",
        "name the columns lon, lat and radiance",
    ),
    "light.cell": (
        "แก้ค่าในแถวนี้ให้เป็นจำนวน",
        "put a number into this cell",
    ),
    "light.irregular": (
        "ส่งจุดที่เรียงเป็นตารางระยะเท่ากัน หรือส่งเป็น GeoTIFF",
        "send points on an even grid, or a GeoTIFF",
    ),
    "light.point_twice": (
        "เก็บจุดละหนึ่งแถว",
        "keep one row a point",
    ),
    "raster.bands": ("ระบุแถบที่มีในไฟล์", "name bands that the file has"),
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
