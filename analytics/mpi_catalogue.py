"""Computed indices as indicators of the catalogue: H, A, M0 and censored headcounts at a specification's own cut-off.

Other cut-offs and weights are no indicators; the MPI tool works them out of the profiles when asked.
"""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

from analytics.catalogue import Indicator, plain_text
from analytics.classify import ClassSpec
from analytics.mpi_specs import MpiSpec

HEADCOUNT: Final = "h"
INTENSITY: Final = "a"
ADJUSTED: Final = "m0"
_LONGEST: Final = 64
_LEVELS: Final = ("country", "province", "district", "subdistrict")


def observed(spec: MpiSpec, measure: str, indicator: str | None = None) -> str:
    """Id of the indicator that holds a measure.

    Parameters
    ----------
    measure : str
        `HEADCOUNT`, `INTENSITY`, `ADJUSTED`, or ``c``, the censored headcount of `indicator`.

    Examples
    --------
    >>> from analytics.mpi_specs import load_spec
    >>> observed(load_spec("tpmap12"), "m0"), observed(load_spec("tpmap12"), "c", "ind22")
    ('af_tpmap12_m0', 'af_tpmap12_c_ind22')
    """
    parts = ["af", spec.id, measure, *([] if indicator is None else [indicator])]
    name = re.sub("_+", "_", "_".join(parts)).rstrip("_")
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 9].rstrip('_')}_{crc32(name.encode()):08x}"


def catalogue_entries(spec: MpiSpec) -> tuple[Indicator, ...]:
    """Entries of a specification, in the order in which screens offer them."""
    counted_th, counted_en = "คน", "persons"
    k_th, k_en = cut_off_words(spec)
    note_th, note_en = (
        f"คำนวณจากรูปแบบการขาดแคลนตามข้อกำหนด {spec.name_th} {k_th}",
        f"computed from profiles of deprivation by the specification {spec.name_en}, {k_en}",
    )

    def entry(
        name: str, th: str, en: str, short: tuple[str, str], unit: str, parts: tuple[str, ...], decimals: int
    ) -> Indicator:
        percent = unit == "percent"
        texts = [
            plain_text(text)
            for text in (
                f"{th} (คำนวณ)", f"{en} (computed)", *short, f"{th} {spec.name_th}", f"{en}, {spec.name_en}",
                note_th, note_en, *parts,
            )
        ]  # fmt: skip
        return Indicator(
            id=name,
            theme="mpi",
            name_th=texts[0],
            name_en=texts[1],
            short_th=texts[2],
            short_en=texts[3],
            description_th=texts[4],
            description_en=texts[5],
            unit=unit,
            unit_th="%" if percent else "ดัชนี 0 ถึง 1",
            unit_en="%" if percent else "index, 0 to 1",
            numerator_th=texts[8],
            numerator_en=texts[9],
            denominator_th=texts[10],
            denominator_en=texts[11],
            worse="high",
            levels=_LEVELS,
            method_th=texts[6],
            method_en=texts[7],
            sources=("Alkire-Foster",),
            classes=ClassSpec(method="quantiles", k=5),
            decimals=decimals,
            comparable=True,
            map=True,
            ramp="poverty",
        )

    poor_th, poor_en = f"{counted_th}จนหลายมิติ", f"multidimensionally poor {counted_en}"
    who_th, who_en = _COUNTED[spec.missing]
    all_th, all_en = f"{counted_th}ทั้งหมด{who_th}", f"all {counted_en}{who_en}"
    made = [
        entry(
            observed(spec, HEADCOUNT), f"สัดส่วน{counted_th}จนหลายมิติ H", f"Headcount ratio H of {counted_en}",
            ("สัดส่วนคนจน H", "Headcount ratio H"), "percent", (poor_th, poor_en, all_th, all_en), 2,
        ),
        entry(
            observed(spec, INTENSITY), "ความเข้มข้นของความยากจน A", "Intensity of poverty A",
            ("ความเข้มข้น A", "Intensity A"), "percent",
            (f"ผลรวมคะแนนของ{poor_th}", f"sum of the scores of {poor_en}", poor_th, poor_en), 1,
        ),
        entry(
            observed(spec, ADJUSTED), "ดัชนีความยากจนหลายมิติ M0", "Adjusted headcount ratio M0",
            ("ดัชนี M0", "M0"), "index",
            (f"ผลรวมคะแนนของ{poor_th}", f"sum of the scores of {poor_en}", all_th, all_en), 6,
        ),
    ]  # fmt: skip
    for one in spec.indicators:
        made.append(
            entry(
                observed(spec, "c", one.id),
                f"สัดส่วน{counted_th}จนที่ขาดแคลน {one.name_th}",
                f"Censored headcount ratio: {one.name_en}",
                (one.name_th, one.name_en),
                "percent",
                (
                    f"{poor_th}ที่ขาดแคลน {one.name_th}", f"{poor_en} deprived in {one.name_en}", all_th, all_en,
                ),
                2,
            )
        )  # fmt: skip
    return tuple(made)


_COUNTED: Final = {
    "drop": ("ที่รู้คำตอบครบทุกตัวชี้วัด", " whose indicators are all known"),
    "reweight": ("ที่รู้คำตอบอย่างน้อยหนึ่งตัวชี้วัด", " of whom at least one indicator is known"),
    "not_deprived": (" คำตอบที่ขาดนับเป็นไม่ขาดแคลน", ", a missing answer counting as not deprived"),
}
"""Whom the denominator counts, Thai and English, by the rule for missing values."""


def cut_off_words(spec: MpiSpec) -> tuple[str, str]:
    """The cut-off of a specification in words, Thai and English.

    >>> from analytics.mpi_specs import load_spec
    >>> cut_off_words(load_spec("global_mpi"))
    ('จนเมื่อคะแนนถึง 1/3 ของน้ำหนักทั้งหมด', 'poor from 1/3 of all weights on')
    """
    if spec.k == "union":
        return "จนเมื่อขาดแคลนอย่างน้อยหนึ่งตัวชี้วัด", "poor when deprived in at least one indicator"
    return f"จนเมื่อคะแนนถึง {spec.k} ของน้ำหนักทั้งหมด", f"poor from {spec.k} of all weights on"
