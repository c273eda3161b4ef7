"""Settings: the shipped file says what the code says, and every wrong key is named at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from warehouse.settings import CONFIG_FILE, ROOT, Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAOMAP_HOME", raising=False)
    monkeypatch.delenv("DAOMAP_CONFIG", raising=False)


def _keys(raw: dict) -> set[str]:
    return {f"{section}.{key}" for section, keys in raw.items() for key in keys}


def test_the_shipped_file_holds_every_key_with_its_default() -> None:
    raw = tomllib.loads(CONFIG_FILE.read_text(encoding="utf-8"))
    defaults = Settings().model_dump(mode="json", by_alias=True)
    assert raw == defaults
    assert load_settings() == Settings(file=CONFIG_FILE)


def test_every_key_of_the_shipped_file_is_commented() -> None:
    lines = CONFIG_FILE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"^\w+ = ", line):
            assert lines[number - 1].startswith("# "), line


def test_the_settings_page_describes_every_key_with_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    described = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| `([^`]+)` \|", page, re.MULTILINE))
    raw = tomllib.loads(CONFIG_FILE.read_text(encoding="utf-8"))
    assert set(described) == _keys(raw)
    for key, default in described.items():
        section, name = key.split(".")
        assert tomllib.loads(f"x = {default}")["x"] == raw[section][name], key


def test_every_wrong_key_is_named_with_found_and_expected(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        """
        [server]
        port = "8501"
        adress = "0.0.0.0"
        [display]
        default_language = "fr"
        [stars]
        thresholds = [4, 2, 1]
        minimum_siblings = 1
        [import]
        workers = 99
        [sever]
        x = 1
        """,
        encoding="utf-8",
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    faults = {f.key: f for f in caught.value.faults}
    assert set(faults) == {
        "server.port",
        "server.adress",
        "display.default_language",
        "stars.thresholds",
        "stars.minimum_siblings",
        "import.workers",
        "sever",
    }
    assert faults["server.port"].found == "'8501'" and faults["server.port"].expected == "an integer"
    assert faults["server.adress"].expected == "one of port, address"
    assert "'th'" in faults["display.default_language"].expected
    assert faults["stars.thresholds"].expected == "4 ascending numbers between 0 and 100"
    assert faults["import.workers"].expected == "1 to 16"
    for language in ("th", "en"):
        lines = caught.value.text(language).splitlines()
        assert len(lines) == 7
        assert all(str(file) in line for line in lines)
    assert "ควรเป็น" in caught.value.text("th") and "expected" in caught.value.text("en")


def test_broken_toml_and_a_missing_file_are_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[server\n", encoding="utf-8")
    for wanted in (file, tmp_path / "none.toml"):
        with pytest.raises(SettingsError) as caught:
            load_settings(wanted)
        assert len(caught.value.faults) == 1


def test_environment_names_another_file_and_another_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "other.toml"
    file.write_text('[paths]\nhome = "store"\n[server]\nport = 9000\n', encoding="utf-8")
    monkeypatch.setenv("DAOMAP_CONFIG", str(file))
    settings = load_settings()
    assert settings.server.port == 9000
    assert settings.home == tmp_path / "store"
    monkeypatch.setenv("DAOMAP_HOME", str(tmp_path / "elsewhere"))
    assert settings.home == tmp_path / "elsewhere"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().server.port = 1  # type: ignore[misc]
