"""Sealed data opens only where it belongs, with its own key, unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ConfigurationError
from stores.sealing import Keyring, SealBroken

OLD, NEW = Keyring.new_key("old"), Keyring.new_key("new")


@given(st.binary(max_size=500), st.text(max_size=50))
def test_round_trip(plain: bytes, context: str) -> None:
    ring = Keyring.parse(OLD)
    assert ring.open(ring.seal(plain, context), context) == plain


@given(st.binary(min_size=1, max_size=50), st.data())
def test_any_changed_byte_is_found(plain: bytes, data: st.DataObject) -> None:
    ring = Keyring.parse(OLD)
    sealed = bytearray(ring.seal(plain, "row"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        ring.open(bytes(sealed), "row")


def test_sealed_bytes_do_not_move_to_another_row() -> None:
    ring = Keyring.parse(OLD)
    with pytest.raises(SealBroken):
        ring.open(ring.seal(b"secret", "users:1"), "users:2")


def test_rotation_opens_old_and_seals_new() -> None:
    sealed = Keyring.parse(OLD).seal(b"secret", "row")
    both = Keyring.parse(f"{NEW},{OLD}")
    assert both.open(sealed, "row") == b"secret"
    assert Keyring.key_of(both.seal(b"", "row"))[0] == "new"
    with pytest.raises(SealBroken, match="old"):
        Keyring.parse(NEW).open(sealed, "row")


@pytest.mark.parametrize("text", ["", "k1", "k1:abc", f"{OLD},{OLD}", "k 1:" + OLD.split(":")[1]])
def test_bad_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        Keyring.parse(text)
    assert OLD.split(":")[1] not in str(refusal.value)


def test_a_keyring_does_not_print_its_keys() -> None:
    assert OLD.split(":")[1] not in repr(Keyring.parse(OLD))
