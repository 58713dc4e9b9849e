import os
import pwd
from pathlib import Path

import pytest

from cluster.embedded import account
from cluster.embedded.account import Account, server_account
from cluster.embedded.errors import NotPermittedError


@pytest.fixture
def stranger() -> Account:
    return Account(name="stranger", uid=os.geteuid() + 4242, gid=os.getegid() + 4242)


def test_a_stranger_needs_every_directory_on_the_way(tmp_path: Path, stranger: Account) -> None:
    assert stranger.may_enter(Path("/"))
    tmp_path.chmod(0o711)
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "open").mkdir(mode=0o755)
    assert not stranger.may_enter(tmp_path / "closed" / "open")


@pytest.mark.parametrize(("mode", "readable"), [(0o400, True), (0o044, False)])
def test_the_owner_is_judged_by_the_owners_bits(mode: int, readable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "stat", lambda self: os.stat_result((mode, 0, 0, 0, 7, 8, 0, 0, 0, 0)))
    assert Account(name="x", uid=7, gid=9)._allowed(Path("any"), 0o004) is readable
    assert Account(name="x", uid=9, gid=8)._allowed(Path("any"), 0o004) is (mode == 0o044)
    assert Account(name="x", uid=9, gid=9)._allowed(Path("any"), 0o004) is (mode == 0o044)


def test_an_ordinary_account_stays_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert server_account(tmp_path) is None


def test_root_takes_the_first_candidate_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "CANDIDATES", ("no-such-account", "nobody"))
    expected = Account(name="nobody", uid=nobody.pw_uid, gid=nobody.pw_gid)
    assert server_account(tmp_path / "missing") == expected


def test_root_without_a_candidate_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "CANDIDATES", ("no-such-account",))
    with pytest.raises(NotPermittedError, match="useradd"):
        server_account(tmp_path / "missing")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a directory away")
def test_root_goes_on_with_the_owner_of_the_data(tmp_path: Path) -> None:
    os.chown(tmp_path, 54321, 54322)
    assert server_account(tmp_path) == Account(name="54321", uid=54321, gid=54322)
