import os
from pathlib import Path

import pytest

from cluster.embedded.errors import HomeInUseError, NotPermittedError
from cluster.embedded.home import Home, make_directory


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_where_the_environment_says(tmp_path: Path) -> None:
    assert Home.from_environment({"AZORA_HOME": str(tmp_path)}).root == tmp_path.resolve()
    for environ in ({}, {"AZORA_HOME": ""}):
        assert Home.from_environment(environ).root == Path("~/.azora").expanduser().resolve()


def test_relative_paths_and_links_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    assert Home(Path("link")) == Home(tmp_path / "real")


def test_create_makes_private_directories_and_is_safe_to_repeat(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "b").create()
    home.secrets.chmod(0o755)
    assert home.create() == home
    private = (home.valkey, home.run, home.logs, home.secrets, home.mail, home.metrics)
    assert {mode(path) for path in private} == {0o700}
    assert mode(home.root) == (0o711 if os.geteuid() == 0 else 0o700)


def test_create_leaves_the_mode_of_a_root_that_was_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Home(tmp_path).create()
    assert mode(tmp_path) == 0o755


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    with pytest.raises(NotPermittedError, match="not a plain directory"):
        Home(tmp_path).create()


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")
    with pytest.raises(NotPermittedError, match="not a plain directory"):
        make_directory(tmp_path / "link")


def test_somebody_elses_directory(tmp_path: Path) -> None:
    with pytest.raises(NotPermittedError, match="belongs to another account"):
        make_directory(tmp_path, owner=(os.geteuid() + 1, os.getegid()))


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    assert home.secret("key", lambda: b"first") == b"first"
    assert home.secret("key", lambda: b"second") == b"first"
    assert mode(home.secrets / "key") == 0o600
    assert os.listdir(home.secrets) == ["key"]


def test_of_two_makers_of_a_secret_one_wins(tmp_path: Path) -> None:
    home = Home(tmp_path).create()

    def overtaken() -> bytes:
        home.secret("key", lambda: b"winner")
        return b"loser"

    assert home.secret("key", overtaken) == b"winner"


@pytest.mark.parametrize("name", ["", "../key", "a/b", "/etc/passwd"])
def test_a_secrets_name_is_a_plain_file_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        Home(tmp_path).secret(name, lambda: b"")


def test_the_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    assert home.holder() is None
    with home.exclusive():
        assert home.holder() == os.getpid()
        with pytest.raises(HomeInUseError) as refused, home.exclusive():
            pass
        assert refused.value.pid == os.getpid()
        assert str(os.getpid()) in str(refused.value)
    assert home.holder() is None
    with home.exclusive():
        pass


def test_nobody_holds_a_home_that_was_never_made(tmp_path: Path) -> None:
    assert Home(tmp_path / "none").holder() is None
