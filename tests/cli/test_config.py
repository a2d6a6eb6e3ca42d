"""The config explains every mistake at once, and has a default for everything."""

import tomllib
from pathlib import Path

import pytest

from gateway.config import BadConfig, Config, default_toml, explain, load_config
from tests.cli.running import fulcrum
from wal.writer import SyncMode, SyncPolicy


def test_without_a_file_the_config_is_the_default() -> None:
    assert load_config(None) == Config()
    assert load_config(None).journal.policy == SyncPolicy(SyncMode.ALWAYS, 0)


def test_the_printed_defaults_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "fulcrum.toml"
    file.write_text(fulcrum("config", "default").output)

    assert file.read_text() == default_toml()
    assert load_config(file) == Config()
    assert set(tomllib.loads(default_toml())) == set(Config.__struct_fields__)


def test_options_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fulcrum.toml"
    file.write_text('[server]\nport = 9000\nadmin_port = 9001\n[journal]\nsync = "never"\n')

    config = load_config(file, {"server.port": 9100, "feed.spec": "none"})

    assert (config.server.port, config.server.admin_port) == (9100, 9001)
    assert (config.journal.sync, config.feed.spec) == ("never", "none")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[servr]", "servr: unknown section; did you mean server?"),
        (
            "[zzz]",
            "zzz: unknown section; known are server, journal, limits, websocket, feed,"
            " snapshots, log",
        ),
        ("server = 3", "server: is a section: write [server] and its keys below"),
        ("[server]\nprt = 1", "server.prt: unknown key; did you mean port?"),
        ("[snapshots]\nzzz = 1", "snapshots.zzz: unknown key; known are by"),
        ("[server]\nport = '80'", "server.port: is '80': expected `int`, got `str`"),
        ("[server]\nport = true", "server.port: is True: expected `int`, got `bool`"),
        ("[server]\nport = 65536", "server.port: is 65536: expected `int` <= 65535"),
        ("[server]\nport = -1", "server.port: is -1: expected `int` >= 0"),
        ("[server]\nhost = ''", "server.host: is '': expected `str` of length >= 1"),
        ("[limits]\nburst = 0", "limits.burst: is 0: expected `int` >= 1"),
        ("[log]\nlevel = 'loud'", "log.level: is 'loud': invalid enum value 'loud'"),
        (
            "[journal]\nsync = 'interval:0'",
            "journal.sync: sync is always, interval:<ms> or never, not 'interval:0'",
        ),
        (
            "[feed]\nspec = 'radio'",
            "feed.spec: unknown feed 'radio'; write random_walk, file:PATH, scripted:PATH or none",
        ),
        (
            "[server]\nport = 8081",
            "server.admin_port: is 8081 like server.port; they must differ",
        ),
    ],
)
def test_a_mistake_is_named_with_what_to_write_instead(text: str, mistake: str) -> None:
    assert [str(found) for found in explain(tomllib.loads(text))] == [mistake]


def test_any_free_port_may_be_asked_for_twice() -> None:
    assert explain({"server": {"port": 0, "admin_port": 0}}) == []


def test_check_explains_every_mistake_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[server]\nport = 'x'\nhots = 'y'\n[feed]\nspec = 'radio'\n[lgo]\n")

    result = fulcrum("config", "check", file)

    assert result.exit_code == 78
    assert result.output.splitlines() == [
        f"{file}: server.port: is 'x': expected `int`, got `str`",
        f"{file}: server.hots: unknown key; did you mean host?",
        f"{file}: feed.spec: unknown feed 'radio';"
        " write random_walk, file:PATH, scripted:PATH or none",
        f"{file}: lgo: unknown section; did you mean log?",
    ]


def test_check_says_when_there_is_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "good.toml"
    file.write_text("[server]\nport = 9000\n")

    result = fulcrum("config", "check", file)

    assert (result.exit_code, result.output) == (0, f"{file}: no mistakes\n")


def test_check_names_the_line_of_what_is_not_toml(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[server]\nport = \n")

    result = fulcrum("config", "check", file)

    assert result.exit_code == 78
    assert result.output == f"{file}: is not TOML: Invalid value (at line 2, column 8)\n"


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read: No such file or directory"):
        load_config(tmp_path / "absent.toml")
