"""What an import saw: rows, repairs, rejections and checks, one shape for screen, command line and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Protocol

Severity = Literal["reject", "warn"]

#: Findings kept of one code; the number of all of them is in `ImportReport.found`.
KEPT = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One place in one file that is not as it should be.

    Attributes
    ----------
    code : str
        Stable key of the kind of fault, such as ``"tpmap.negative_count"``.
    file, row, column : str, int or None, str or None
        Where; ``row`` counts from 1 with the header as row 1 (as a spreadsheet shows it).
    found, expected : str
        Plain facts, the same in both languages (numbers, names, codes).
    mend_th, mend_en : str
        What the sender can do about it.
    """

    severity: Severity
    code: str
    file: str
    row: int | None
    column: str | None
    found: str
    expected: str
    mend_th: str
    mend_en: str

    def line(self, language: str = "th") -> str:
        """One line for a person, naming place, found, expected and the remedy."""
        where = self.file
        if self.row is not None:
            where += f" แถว {self.row}" if language == "th" else f" row {self.row}"
        if self.column is not None:
            where += f" คอลัมน์ {self.column}" if language == "th" else f" column {self.column}"
        if language == "th":
            text = f"{where}: พบ {self.found} ควรเป็น {self.expected} วิธีแก้: {self.mend_th}"
        else:
            text = f"{where}: found {self.found}, expected {self.expected}. To mend: {self.mend_en}"
        # Names in a file may hold line breaks and what a terminal obeys.
        return "".join(c if c.isprintable() else "?" for c in text)


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one rule over all rows it applies to."""

    code: str
    name_th: str
    name_en: str
    cells: int
    failures: int

    @property
    def passed(self) -> bool:
        return self.failures == 0


@dataclass(slots=True)
class ImportReport:
    """Everything an import has to say; its JSON keys are a public contract of the command line.

    Attributes
    ----------
    rejections, warnings : list of Finding
        At most `KEPT` of each code.
    found : Counter
        How many findings of each code there were, kept or not.
    """

    kind: str
    files: int = 0
    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rejections: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)
    checks: list[Check] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    snapshot: str | None = None
    found: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> bool:
        """True when the import as a whole must not be published."""
        return bool(self.rejections)

    @property
    def taken(self) -> tuple[int, int]:
        """Rows accepted and rejected; of a refused import nothing was taken."""
        return (0, self.rows_read) if self.refused else (self.rows_accepted, self.rows_rejected)

    def add(self, finding: Finding) -> None:
        """Keep a finding; past `KEPT` of one code only the count grows, so one bad column stays readable."""
        self.found[finding.code] += 1
        if self.found[finding.code] <= KEPT:
            (self.rejections if finding.severity == "reject" else self.warnings).append(finding)

    def without_values(self, part: str | None = None) -> ImportReport:
        """The same report without the numbers it quotes, as a snapshot may hold it of what is protected.

        Parameters
        ----------
        part : str, optional
            Only findings on files, columns or numbers that name this.
        """

        def bare(finding: Finding) -> Finding:
            if part is None or part in f"{finding.file} {finding.column} {finding.found}":
                return replace(finding, found="–", expected="–")
            return finding

        return replace(
            self,
            rejections=[bare(f) for f in self.rejections],
            warnings=[bare(f) for f in self.warnings],
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``--json`` and for the ``import_run`` table."""
        accepted, rejected = self.taken
        return {
            "kind": self.kind,
            "files": self.files,
            "rows_read": self.rows_read,
            "rows_accepted": accepted,
            "rows_rejected": rejected,
            "rejections": [
                asdict(f) | {"line_th": f.line("th"), "line_en": f.line("en")} for f in self.rejections
            ],
            "warnings": [
                asdict(f) | {"line_th": f.line("th"), "line_en": f.line("en")} for f in self.warnings
            ],
            "findings": dict(sorted(self.found.items())),
            "repairs": dict(sorted(self.repairs.items())),
            "checks": [asdict(c) | {"passed": c.passed} for c in self.checks],
            "facts": self.facts,
            "snapshot": self.snapshot,
        }


class ImportRefused(Exception):  # noqa: N818  (a verdict, not a malfunction)
    """Raised when an import is turned away; carries the report, changes nothing."""

    def __init__(self, report: ImportReport) -> None:
        first = report.rejections[0].line("en") if report.rejections else "refused"
        super().__init__(first)
        self.report = report


class QueryError(ValueError):
    """A question that names something the catalogue or the area list does not have, in both languages."""

    def __init__(self, th: str, en: str) -> None:
        super().__init__(en)
        self.th = th
        self.en = en

    def text(self, language: str = "th") -> str:
        """The message in one language."""
        return self.th if language == "th" else self.en


class Note(Protocol):
    """Adds a finding whose remedy is known by its code; see `noting`."""

    def __call__(
        self,
        report: ImportReport,
        code: str,
        file: str,
        found: str,
        expected: str,
        *,
        row: int | None = None,
        column: str | None = None,
        severity: Severity = "reject",
    ) -> None: ...


def noting(mends: Mapping[str, tuple[str, str]], longest: int = 80) -> Note:
    """The function by which one source adds its findings.

    Parameters
    ----------
    mends : mapping of str to (str, str)
        Code of a finding to what the sender can do about it, in Thai and English.
    longest : int
        Letters of `found` that are kept.
    """

    def note(
        report: ImportReport,
        code: str,
        file: str,
        found: str,
        expected: str,
        *,
        row: int | None = None,
        column: str | None = None,
        severity: Severity = "reject",
    ) -> None:
        shown = found[:longest] or '""'
        report.add(Finding(severity, code, file, row, column, shown, expected or "-", *mends[code]))

    return note
