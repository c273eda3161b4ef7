"""Typed settings from ``config.toml``: read once, refused as a whole when a key is wrong."""

from __future__ import annotations

import itertools
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

ROOT = Path(__file__).resolve().parents[1]
CONFIG_FILE = ROOT / "config.toml"


class _Section(BaseModel):
    # Strict, so that `port = "8501"` is told to the person instead of being guessed.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Paths(_Section):
    home: Annotated[str, Field(min_length=1)] = "var"


class Server(_Section):
    port: Annotated[int, Field(ge=1, le=65535)] = 8501
    address: Annotated[str, Field(min_length=1)] = "127.0.0.1"


class Display(_Section):
    default_language: Literal["th", "en"] = "th"


class Stars(_Section):
    method: Literal["quantile", "thresholds"] = "quantile"
    # A list in the file; four numbers, ascending.
    thresholds: tuple[float, float, float, float] = (1.0, 2.0, 4.0, 8.0)
    minimum_siblings: Annotated[int, Field(ge=2, le=100)] = 5

    @field_validator("thresholds", mode="before")
    @classmethod
    def _four_numbers(cls, value: Any) -> Any:
        good = (
            isinstance(value, (list, tuple))
            and len(value) == 4
            and all(isinstance(v, (int, float)) and not isinstance(v, bool) and 0 < v < 100 for v in value)
            and all(a < b for a, b in itertools.pairwise(value))
        )
        if not good:
            raise ValueError("4 ascending numbers between 0 and 100")
        return tuple(float(v) for v in value)


class Snapshots(_Section):
    keep: Annotated[int, Field(ge=1, le=100)] = 5


class Import(_Section):
    workers: Annotated[int, Field(ge=1, le=16)] = 2
    memory_mb: Annotated[int, Field(ge=256, le=65536)] = 1024


class Query(_Section):
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    max_rows: Annotated[int, Field(ge=10_000, le=10_000_000)] = 500_000
    max_mb: Annotated[int, Field(ge=16, le=4096)] = 256


class Privacy(_Section):
    minimum: Annotated[int, Field(ge=2, le=100)] = 5
    tpmap: Literal["published", "protected"] = "published"
    villages: bool = False
    village_households: Annotated[int, Field(ge=5, le=1000)] = 20


class Neet(_Section):
    minimum_sample: Annotated[int, Field(ge=1, le=10_000)] = 30
    small_samples: Literal["flag", "hide"] = "flag"
    cells: Literal["published", "protected"] = "protected"

    @property
    def hidden_below(self) -> int:
        """Samples below this are hidden; 0 where they are flagged only."""
        return self.minimum_sample if self.small_samples == "hide" else 0


class Villages(_Section):
    # A list of files in the file; relative ones are seen from its folder.
    specifications: tuple[str, ...] = ()

    @field_validator("specifications", mode="before")
    @classmethod
    def _files(cls, value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) and v.strip() for v in value):
            raise ValueError("a list of file names in quotes")
        return tuple(value)


class Desk(_Section):
    home: Annotated[str, Field(min_length=1)] = "var-desk"
    keys: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 8601
    single_user: bool = False
    minutes: Annotated[int, Field(ge=1, le=240)] = 15
    low_income: Annotated[int, Field(ge=1000, le=10_000_000)] = 100_000
    low_income_inclusive: bool = True


class Admin(_Section):
    uploads: bool = False
    upload_mb: Annotated[int, Field(ge=1, le=50)] = 50


class Mpi(_Section):
    threads: Annotated[int, Field(ge=1, le=256)] = 2
    memory_mb: Annotated[int, Field(ge=512, le=1_048_576)] = 3072


class Settings(_Section):
    """All settings, frozen.

    Attributes
    ----------
    file : Path or None
        The file they came from; relative paths are seen from its folder.
    """

    paths: Paths = Paths()
    server: Server = Server()
    display: Display = Display()
    stars: Stars = Stars()
    snapshots: Snapshots = Snapshots()
    import_: Import = Field(default=Import(), alias="import")
    query: Query = Query()
    privacy: Privacy = Privacy()
    neet: Neet = Neet()
    villages: Villages = Villages()
    desk: Desk = Desk()
    admin: Admin = Admin()
    mpi: Mpi = Mpi()
    file: Path | None = Field(default=None, exclude=True)

    @property
    def village_specifications(self) -> tuple[Path, ...]:
        """Files of specifications of กชช.2ค that are used beside and before the shipped ones."""
        base = self.file.parent if self.file is not None else ROOT
        return tuple((base / Path(name).expanduser()).resolve() for name in self.villages.specifications)

    @property
    def home(self) -> Path:
        """Folder of the warehouse: ``DAOMAP_HOME``, else ``paths.home``."""
        wanted = os.environ.get("DAOMAP_HOME")
        if wanted:
            return Path(wanted).expanduser().resolve()
        base = self.file.parent if self.file is not None else ROOT
        return (base / Path(self.paths.home).expanduser()).resolve()

    @property
    def desk_home(self) -> Path:
        """Folder of the officers' households: ``DAOMAP_DESK_HOME``, else ``desk.home``; never inside `home`."""
        wanted = os.environ.get("DAOMAP_DESK_HOME")
        if wanted:
            return Path(wanted).expanduser().resolve()
        base = self.file.parent if self.file is not None else ROOT
        return (base / Path(self.desk.home).expanduser()).resolve()


@dataclass(frozen=True, slots=True)
class SettingFault:
    """One key that cannot be used, with what stood there and what may stand there."""

    file: str
    key: str
    found: str
    expected: str

    def line(self, language: str = "th") -> str:
        """One line for a person."""
        if language == "th":
            return f"{self.file}: ค่า {self.key} พบ {self.found} ควรเป็น {self.expected}"
        return f"{self.file}: {self.key}: found {self.found}, expected {self.expected}"


class SettingsError(Exception):
    """Raised when the settings cannot be used; lists every wrong key at once."""

    def __init__(self, faults: list[SettingFault]) -> None:
        self.faults = faults
        super().__init__("\n".join(line for f in faults for line in (f.line("th"), f.line("en"))))

    def text(self, language: str = "th") -> str:
        """All faults, one line each."""
        return "\n".join(f.line(language) for f in self.faults)


def load_settings(path: Path | str | None = None) -> Settings:
    """Read the settings file.

    Parameters
    ----------
    path : Path or str, optional
        The file; without it ``DAOMAP_CONFIG``, else the file shipped with Daomap, else the defaults.

    Raises
    ------
    SettingsError
        With one fault for every wrong or unknown key.
    """
    named = path if path is not None else os.environ.get("DAOMAP_CONFIG") or None
    file = Path(named).expanduser() if named is not None else CONFIG_FILE
    if named is None and not file.is_file():
        # An installed wheel has no config.toml beside it; the defaults are the same values.
        return Settings()
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([SettingFault(str(file), "-", error.strerror or "OSError", "TOML")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([SettingFault(str(file), "-", str(error), "TOML (UTF-8)")]) from error
    try:
        return Settings.model_validate(
            {k: v for k, v in raw.items() if k != "file"} | _stray(raw) | {"file": file}
        )
    except ValidationError as error:
        raise SettingsError([_fault(str(file), item) for item in error.errors()]) from error


def _stray(raw: dict[str, Any]) -> dict[str, Any]:
    # `file` is ours; a key of that name in the file is as unknown as any other.
    return {"file ": raw["file"]} if "file" in raw else {}


def _fault(file: str, item: Any) -> SettingFault:
    key = ".".join(str(part) for part in item["loc"]).strip()
    found = repr(item["input"])
    if len(found) > 80:
        found = found[:77] + "..."
    context = item.get("ctx", {})
    kind = str(item["type"])
    if kind == "extra_forbidden":
        expected = "(no such key)"
        section, _, name = key.rpartition(".")
        known = _known_keys(section)
        if known:
            expected = "one of " + ", ".join(known) if name else expected
    elif kind == "literal_error":
        expected = str(context.get("expected"))
    elif kind in ("greater_than_equal", "less_than_equal"):
        expected = _range(key)
    elif kind == "value_error":
        expected = str(context.get("error"))
    else:
        expected = {
            "int_type": "an integer",
            "float_type": "a number",
            "bool_type": "true or false",
            "string_type": "text in quotes",
            "string_too_short": "text that is not empty",
            "model_type": "a [section]",
            "model_attributes_type": "a [section]",
        }.get(kind, str(item["msg"]))
    return SettingFault(file, key, found, expected)


def _known_keys(section: str) -> list[str]:
    if not section:
        return [(f.alias or name) for name, f in Settings.model_fields.items() if name != "file"]
    for name, info in Settings.model_fields.items():
        if (info.alias or name) == section and isinstance(info.annotation, type):
            return list(info.annotation.model_fields)
    return []


def _range(key: str) -> str:
    section, _, name = key.rpartition(".")
    for field_name, info in Settings.model_fields.items():
        if (info.alias or field_name) == section and isinstance(info.annotation, type):
            limits = {type(m).__name__: m for m in info.annotation.model_fields[name].metadata}
            return f"{getattr(limits.get('Ge'), 'ge', '')} to {getattr(limits.get('Le'), 'le', '')}"
    return "a number in range"
