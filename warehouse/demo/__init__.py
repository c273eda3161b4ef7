"""A country that does not exist: persons, households and figures to practise, test and measure with, and no real person in it.

Provinces have the published figures of TPMAP B.E. 2566 to the last person; everything below and beside them is invented.
"""

from __future__ import annotations

from warehouse.demo.people import PeopleReport, write_people

__all__ = ["PeopleReport", "write_people"]
