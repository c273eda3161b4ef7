"""Names, citizen ids and addresses that cannot be anybody's, for the officers' screens to have something to mask.

Surnames hold a letter that was dropped from Thai spelling (ฃ, ฅ), so that no register has them; citizen ids begin with 9, which
is not issued, and have a right check digit, so that whatever checks ids can be tried with them. Figures never need this file.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
import pyarrow as pa

from analytics.survey_columns import Column

IDENTITY: Final = (
    Column("person_id", "text", "key of the person, unique in a year", required=True),
    Column("household_id", "text", "household of the person", required=True),
    Column("year", "integer", "year of the survey, common era", required=True),
    Column("citizen_id", "text", "thirteen digits, the first is 9: never issued", required=True),
    Column("title", "text", "นาย, นาง, ด.ช. or ด.ญ."),
    Column("first_name", "text", "made of invented syllables"),
    Column("last_name", "text", "holds a letter that is no longer written"),
    Column("house_no", "text", "number of the house, with the village it lies in"),
    Column("moo", "integer", "number of the village in its subdistrict"),
    Column("synthetic", "truth", "always true: nobody is meant", required=True),
)
"""Columns of the table of identities."""

SCHEMA: Final = pa.schema(
    [
        (
            c.name,
            pa.int16()
            if c.name == "year"
            else {"text": pa.string(), "integer": pa.int32(), "truth": pa.bool_()}[c.kind],
        )
        for c in IDENTITY
    ]
)

_FIRST: Final = ("กุย", "ตาม", "ปิล", "โมร", "แวน", "ซอย", "ลือ", "เทย", "นุม", "ฟาย", "รอน", "ยืม", "ชาล", "ดีร")
_SECOND: Final = ("บอย", "ติน", "ลาม", "เวย", "รูน", "โกม", "แซน", "พุย", "ฮาล", "เยม", "จิน", "ดอน")
_HOLLOW: Final = ("ฃาม", "ฅอน", "ฃิล", "ฅูน", "แฃม", "เฅย", "โฃน", "ฅาล")
_TAIL: Final = ("รำไพย", "สนูม", "ติรัล", "นวายุม", "โลมัย", "กวินา", "เพทัล", "บรูณ", "ชลูน", "มหิน")
FIRST_NAMES: Final = tuple(a + b for a, b in product(_FIRST, _SECOND))
LAST_NAMES: Final = tuple(a + b for a, b in product(_HOLLOW, _TAIL))


def citizen_ids(province: str, year: int, count: int) -> pa.Array:
    """Ids of thirteen digits: 9, province, last digit of the year, serial number, check digit.

    Examples
    --------
    >>> citizen_ids("95", 2023, 2).to_pylist()
    ['9953000000017', '9953000000025']
    """
    body = 9 * 10**11 + int(province) * 10**9 + (year % 10) * 10**8 + np.arange(1, count + 1, dtype=np.int64)
    total = np.zeros(count, dtype=np.int64)
    for place in range(12):
        total += (body // 10 ** (11 - place)) % 10 * (13 - place)
    check = (11 - total % 11) % 10
    return pa.array(body * 10 + check).cast(pa.string())


def identities(
    people: pa.Table, homes: pa.Table, province: str, year: int, rng: np.random.Generator
) -> pa.Table:
    """Identities of all persons of a province.

    Parameters
    ----------
    people, homes : pa.Table
        Of `warehouse.demo.answers`, persons in the order of their households.
    province : str
    year : int
        Common era.
    rng : numpy.random.Generator
    """
    count = people.num_rows
    first = np.concatenate(
        [
            [True],
            people.column("household_id").to_numpy()[1:] != people.column("household_id").to_numpy()[:-1],
        ]
    )
    home = np.cumsum(first) - 1
    surname = rng.integers(0, len(LAST_NAMES), homes.num_rows)[home]
    # Who married in keeps another name now and then.
    other = rng.random(count) < 0.15
    surname[other] = rng.integers(0, len(LAST_NAMES), int(other.sum()))
    female = people.column("sex").to_numpy() == "f"
    child = people.column("age").to_numpy() < 15
    titles = np.array(["นาย", "นาง", "ด.ช.", "ด.ญ."])
    numbers = 1 + rng.permutation(homes.num_rows) % 400
    moo = pa.compute.utf8_slice_codeunits(homes.column("area_code"), 6, 8).cast(pa.int32())
    house = pa.compute.binary_join_element_wise("9", pa.array(numbers).cast(pa.string()), "/")

    def named(names: tuple[str, ...], which: np.ndarray) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(which, pa.int32()), pa.array(names)).cast(pa.string())

    columns = {
        "person_id": people.column("person_id"),
        "household_id": people.column("household_id"),
        "year": people.column("year"),
        "citizen_id": citizen_ids(province, year, count),
        "title": named(tuple(titles), female + 2 * child),
        "first_name": named(FIRST_NAMES, rng.integers(0, len(FIRST_NAMES), count)),
        "last_name": named(LAST_NAMES, surname),
        "house_no": house.take(pa.array(home)),
        "moo": moo.take(pa.array(home)),
        "synthetic": pa.repeat(pa.scalar(True), count),
    }
    return pa.table(columns, schema=SCHEMA)
