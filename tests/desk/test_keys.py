"""No key, no desk; an unsafe key is no key; and nothing of a key is ever said."""

from __future__ import annotations

import os

import pytest

from warehouse.desk.errors import DeskError, DeskOff
from warehouse.desk.keys import Keys, find_keys, make_keys
from warehouse.settings import ROOT, load_settings

A, B = "0a" * 32, "0b" * 32


def refusal(*secrets: str) -> str:
    with pytest.raises(DeskOff) as caught:
        find_keys(load_settings())
    for text in (caught.value.text("th"), caught.value.text("en")):
        assert "daomap desk keys --out" in text and "\n" not in text
        assert not any(secret in text for secret in secrets)
    return caught.value.text("en")


def test_without_keys_the_desk_is_off_and_says_how_to_make_them(desk_home, monkeypatch):
    monkeypatch.delenv("DAOMAP_DESK_KEYS")
    assert "there are no keys" in refusal()


def test_made_keys_are_two_and_private_and_never_written_over(tmp_path, desk_home):
    keys = find_keys(load_settings())
    assert keys.store != keys.identity.hex() and len(keys.identity) == 32
    assert keys.store not in repr(keys) and keys.identity.hex() not in repr(keys)
    folder = tmp_path / "keys"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.name: p.stat().st_mode & 0o777 for p in folder.iterdir()} == {
        "store.key": 0o600,
        "identity.key": 0o600,
    }
    with pytest.raises(DeskError, match="already"):
        make_keys(folder)
    assert find_keys(load_settings()) == keys


@pytest.mark.parametrize(("name", "mode"), [("store.key", 0o640), ("identity.key", 0o604)])
def test_a_key_others_may_read_is_refused(tmp_path, desk_home, name, mode):
    (tmp_path / "keys" / name).chmod(mode)
    assert f"mode {mode:04o}" in refusal((tmp_path / "keys" / name).read_text().strip())


def test_a_link_a_missing_and_a_damaged_key_are_refused(tmp_path, desk_home):
    key = tmp_path / "keys" / "store.key"
    text = key.read_text()
    key.unlink()
    assert "cannot open" in refusal()
    (tmp_path / "elsewhere").write_text(text)
    key.symlink_to(tmp_path / "elsewhere")
    assert "cannot open" in refusal(text.strip())
    key.unlink()
    key.write_text(text[:40])
    key.chmod(0o600)
    assert "damaged" in refusal(text[:40])


def test_keys_lie_neither_in_the_program_nor_in_the_store(desk_home, monkeypatch):
    for place in (ROOT / "keys", desk_home / "keys"):
        monkeypatch.setenv("DAOMAP_DESK_KEYS", str(place))
        assert "must lie outside" in refusal()
    with pytest.raises(DeskError, match="must lie outside"):
        make_keys(ROOT / "keys")
    assert not (ROOT / "keys").exists()


def test_keys_of_the_environment(desk_home, monkeypatch):
    monkeypatch.delenv("DAOMAP_DESK_KEYS")
    monkeypatch.setenv("DAOMAP_DESK_KEY", A.upper())
    assert "there are no keys" in refusal(A)  # one of two
    monkeypatch.setenv("DAOMAP_DESK_ID_KEY", A)
    assert "the same" in refusal(A)
    monkeypatch.setenv("DAOMAP_DESK_ID_KEY", "short")
    assert "64 hexadecimal digits" in refusal("short", A)
    monkeypatch.setenv("DAOMAP_DESK_ID_KEY", B)
    assert find_keys(load_settings()) == Keys(A, bytes.fromhex(B))


def test_a_code_depends_on_key_kind_and_value():
    keys = Keys(A, bytes.fromhex(B))
    codes = {
        keys.code("citizen", "0100000000001"),
        keys.code("person", "0100000000001"),
        keys.code("citizen", "0100000000002"),
        Keys(A, os.urandom(32)).code("citizen", "0100000000001"),
    }
    assert len(codes) == 4 and all(len(code) == 64 for code in codes)
    assert keys.code("citizen", "1") == keys.code("citizen", "1")
