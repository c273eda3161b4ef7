"""Write the data dictionary from the catalogue and the definitions, so that it cannot fall behind them.

Run ``python -m analytics.dictionary`` after a change of either; a test fails until that is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from analytics.catalogue import APPLICABLE, THEMES, Indicator, load_mpi_indicators, shipped_catalogue
from analytics.definitions import BUDDHIST_ERA, Definition, load_definitions

TARGET: Final = Path(__file__).resolve().parent.parent / "docs" / "data-dictionary.md"

_THEMES: Final = {
    "poverty": "ความยากจน / Poverty",
    "dimensions": "ห้ามิติ / The five dimensions",
    "health": "สุขภาพ / Health",
    "living": "ความเป็นอยู่ / Living conditions",
    "education": "การศึกษา / Education",
    "income": "รายได้ / Income",
    "access": "การเข้าถึงบริการรัฐ / Access to public services",
    "overlap": "การซ้อนกันของมิติ / Overlap of dimensions",
    "population": "ประชากรที่สำรวจ / Surveyed population",
    "economy": "เศรษฐกิจ / Economy",
    "light": "แสงกลางคืน / Night light",
    "neet": "เยาวชน NEET / Young people who are NEET",
    "village": "หมู่บ้าน / Villages",
    "table": "ตารางที่นำเข้า / Imported tables",
}
_WORSE: Final = {
    "high": "ค่ามากแย่กว่า / higher is worse",
    "low": "ค่าน้อยแย่กว่า / lower is worse",
    "none": "ไม่มีดีหรือแย่ / neither",
}
_INTRO: Final = """\
# พจนานุกรมข้อมูล / Data dictionary

Written by `python -m analytics.dictionary` from `analytics/catalogue.toml` and
`analytics/definitions.toml`. Edit those, not this page.

- ไม่มีข้อมูลไม่ใช่ศูนย์ กรุงเทพมหานครไม่อยู่ในไฟล์ จปฐ. ใด / No data is not zero. Bangkok is in no จปฐ file.
- มิติซ้อนกันได้ ห้ามบวกกัน / Dimensions overlap and must never be added.
- การเปลี่ยนแปลงแสดงเฉพาะภายในนิยามเดียวกัน / A change is shown only inside one definition version.
- ร้อยละคือ 100 × ตัวตั้ง ÷ ตัวหาร / A percentage is 100 × numerator ÷ denominator.
- ดาวเป็นวิธีของดาวแมป ไม่ใช่ของ TPMAP / Stars are Daomap's own method, not TPMAP's.

Years are stored in the common era; the Buddhist year is that plus 543.
"""


def _pair(th: str, en: str) -> str:
    return th if th == en else f"{th} / {en}"


def _indicator(entry: Indicator) -> Iterable[str]:
    yield f"### `{entry.id}`\n"
    yield f"**{entry.name_th}**  \n**{entry.name_en}**\n"
    yield f"{entry.description_th}\n\n{entry.description_en}\n"
    yield "| | |\n|---|---|"
    yield f"| ชื่อสั้น / short name | {_pair(entry.short_th, entry.short_en)} |"
    unit = _pair(entry.unit_th, entry.unit_en)
    yield f"| หน่วย / unit | {unit} (`{entry.unit}`, {entry.decimals} decimals) |"
    if entry.numerator_th:
        of = f" (`{entry.of}`)" if entry.of else ""
        yield f"| ตัวตั้ง / numerator | {_pair(entry.numerator_th, entry.numerator_en)}{of} |"
    if entry.denominator_th:
        per = f" (`{entry.per}`)" if entry.per and entry.per != APPLICABLE else ""
        yield f"| ตัวหาร / denominator | {_pair(entry.denominator_th, entry.denominator_en)}{per} |"
    yield f"| ทิศทาง / direction | {_WORSE[entry.worse]} |"
    yield f"| ระดับ / levels | {', '.join(entry.levels)} |"
    yield f"| วิธี / method | {_pair(entry.method_th, entry.method_en)} |"
    yield f"| แหล่งที่มา / sources | {'; '.join(entry.sources)} |"
    definitions = [f"`{d.id}` ({_years(d)})" for d in load_definitions().values() if d.names(entry.id)]
    rule = "ภายในนิยามเดียวกัน / inside one definition" if entry.comparable else "ไม่เทียบข้ามปี / not between years"
    yield f"| เทียบปี / comparing years | {rule}: {', '.join(definitions)} |"
    yield f"| แผนที่ / map | {'ใช่ / yes' if entry.map else 'ไม่ / no'} |\n"


def _years(version: Definition) -> str:
    if version.by_source:
        return "ตามแหล่งข้อมูล / as the source states"
    first, last = version.first_year + BUDDHIST_ERA, version.last_year + BUDDHIST_ERA
    if first == last:
        return f"B.E. {first}"
    return f"B.E. {first}-{last}"


def _definition(version: Definition) -> Iterable[str]:
    yield f"### `{version.id}`\n"
    yield f"{version.text_th}\n\n{version.text_en}\n"
    common = "" if version.by_source else f" ({version.first_year}-{version.last_year})"
    yield f"- ปี / years: {_years(version)}{common}"
    yield f"- ตัวชี้วัด / indicators: {', '.join(f'`{name}`' for name in version.indicators)}"
    yield f"- แหล่งที่มา / source: {version.source}"
    yield f"- ความเชื่อมั่น / confidence: {version.confidence}\n"


def dictionary() -> str:
    """Return the data dictionary as Markdown, Thai and English side by side.

    Returns
    -------
    str
        Every indicator of the catalogue by theme, then the 17 จปฐ indicators, then every definition version.

    Examples
    --------
    >>> "### `target_poor`" in dictionary()
    True
    """
    lines = [_INTRO]
    entries = list(shipped_catalogue().values())
    for theme in dict.fromkeys(entry.theme for entry in sorted(entries, key=lambda e: THEMES.index(e.theme))):
        lines.append(f"## {_THEMES[theme]}\n")
        for entry in entries:
            if entry.theme == theme:
                lines.extend(_indicator(entry))
    lines.append("## ตัวชี้วัด จปฐ. 17 ตัวของ MPI / The 17 จปฐ indicators of the MPI\n")
    lines.append(
        "เลขข้อเป็นของ จปฐ. แผน 12 แผนอื่นใช้เลขต่างกัน เกณฑ์ผ่านตามแอปสำรวจ จปฐ. ที่เผยแพร่สาธารณะ ไม่ใช่คู่มือทางการ\n\n"
        "Numbers are those of จปฐ plan 12; other plans number differently. Pass rules are those of a public "
        "survey app for the questionnaire, not of an official manual.\n"
    )
    lines.append("| | มิติ / dimension | ถ้อยคำ / wording | ใช้กับ / applies to | ผ่านเมื่อ / passes when |")
    lines.append("|---|---|---|---|---|")
    lines.extend(
        f"| {number} | {entry.dimension} | {_pair(entry.name_th, entry.name_en)} | "
        f"{_pair(entry.applies_th, entry.applies_en)} | {_pair(entry.passes_th, entry.passes_en)} |"
        for number, entry in load_mpi_indicators().items()
    )
    lines.append("\n## นิยาม / Definition versions\n")
    lines.append(
        "ปีที่ยังไม่มีใครระบุนิยามได้นิยาม `unverified-<measure>-<ปี พ.ศ.>` ซึ่งไม่เทียบกับปีใด\n\n"
        "A year whose definition nobody has written down gets `unverified-<measure>-<Buddhist year>`, which "
        "compares with no other year.\n"
    )
    for version in load_definitions().values():
        lines.extend(_definition(version))
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write docs/data-dictionary.md."""
    TARGET.write_text(dictionary(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
