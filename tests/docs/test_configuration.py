from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor import environment, example
from monitor.config import Config, load
from monitor.errors import ConfigError, MonitorError
from monitor.feeds.settings import FeedSettings
from monitor.settings import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.toml"
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
VARIABLES = environment.variables(Config)


def chapter(name: str) -> str:
    """What the document says under a heading."""
    return DOCUMENT.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def row(text: str, key: str) -> list[str]:
    """The cells of a key's row in a table."""
    found = re.search(rf"^\| `{key}` \|(.*)\|$", text, re.MULTILINE)
    assert found, f"{key} has no row"
    return [cell.strip() for cell in found[1].split(" | ")]


def setting(section: str, key: str) -> FieldInfo:
    annotation = Config.model_fields[section].annotation
    assert isinstance(annotation, type)
    assert issubclass(annotation, Settings)
    return annotation.model_fields[key]


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_is_documented_with_default_meaning_and_variable(variable: str) -> None:
    section, key = VARIABLES[variable]

    default, meaning, its_variable = row(chapter(f"[{section}]"), key)

    stated = {section: tomllib.loads(f"{key} = {default.strip('`')}")}
    assert Config.model_validate(stated) == Config.model_validate({})
    described = str(setting(section, key).description)
    assert set(re.findall(r"\w+", described)) <= set(re.findall(r"\w+", meaning))
    assert its_variable == f"`{variable}`"


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_does_something(variable: str) -> None:
    section, key = VARIABLES[variable]
    sources = (ROOT / "monitor").rglob("*.py")

    read = re.compile(rf"\b(?:{section}|_?settings|config|self)\.{key}\b")
    assert any(read.search(path.read_text(encoding="utf-8")) for path in sources)


@pytest.mark.parametrize("key", FeedSettings.model_fields)
def test_every_key_of_a_feed_is_documented(key: str) -> None:
    _, meaning = row(chapter("[[feeds]]"), key)

    assert meaning
    assert FeedSettings.model_fields[key].description


def test_the_document_has_no_setting_that_is_not_there() -> None:
    for name in re.findall(r"^## \[+(\w+)\]+$", DOCUMENT, re.MULTILINE):
        keys = re.findall(
            r"^\| `(\w+)` \|", chapter(f"[{name}]") or chapter(f"[[{name}]]"), re.MULTILINE
        )
        known = [key for section, key in VARIABLES.values() if section == name]
        assert keys == (known or list(FeedSettings.model_fields))


def test_every_setting_has_a_description_of_one_line() -> None:
    for section, key in VARIABLES.values():
        description = setting(section, key).description
        assert description
        assert "\n" not in description
        assert len(description) <= 100


def test_the_mistakes_in_the_document_give_the_errors_in_the_document(tmp_path: Path) -> None:
    (mistaken,) = re.findall(r"```toml mistaken\n(.*?)```", DOCUMENT, re.DOTALL)
    of_file, of_environment = re.findall(r"```text\n(.*?)\n```", DOCUMENT, re.DOTALL)
    file = tmp_path / "config.toml"

    file.write_text(mistaken)
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    assert str(caught.value).replace(str(file), "config.toml") == of_file

    file.write_text("")
    with pytest.raises(ConfigError) as caught:
        load(file, {"MONITOR_ALERTS__CHANEL": "#test"})
    assert str(caught.value) == of_environment


def test_other_toml_in_the_document_is_right(tmp_path: Path) -> None:
    for number, block in enumerate(re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)):
        file = tmp_path / f"{number}.toml"
        file.write_text(block)
        load(file, {})


# --- the example


def test_the_example_is_right_and_states_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(EXAMPLE.read_bytes())
    (tmp_path / "empty.toml").write_text("")

    stated, defaults = load(tmp_path / "config.toml", {}), load(tmp_path / "empty.toml", {})

    assert stated.model_copy(update={"feeds": ()}) == defaults


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_example_states_every_setting_and_why(variable: str) -> None:
    section, key = VARIABLES[variable]
    source = EXAMPLE.read_text(encoding="utf-8")

    assert key in tomllib.loads(source)[section]
    block = source.partition(f"\n[{section}]\n")[2].partition("\n[")[0]
    assert re.search(rf"^{key} = .*#|^# .*\n{key} = ", block, re.MULTILINE), "a comment says why"


def test_the_example_shows_every_key_of_a_feed() -> None:
    shown = {
        key for feed in tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["feeds"] for key in feed
    }

    assert shown == set(FeedSettings.model_fields)


def test_the_examples_feeds_say_whose_they_are() -> None:
    feeds = load(EXAMPLE, {}).feeds

    assert len(feeds) >= 25
    for feed in feeds:
        assert feed.url.startswith("https://")
        assert feed.name
        assert feed.language
        assert feed.kind
        assert feed.tags


# --- what `monitor init` writes


def test_init_writes_the_example_and_the_shipped_rules(tmp_path: Path) -> None:
    written = example.write(tmp_path / "desk")

    assert all(new for _, new in written)
    assert (tmp_path / "desk" / "config.toml").read_bytes() == EXAMPLE.read_bytes()
    shipped = {file.relative_to(ROOT / "rules") for file in (ROOT / "rules").rglob("*.toml")}
    copied = {file.relative_to(tmp_path / "desk" / "rules") for file, _ in written[1:]}
    assert copied == shipped


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("mine")

    (config_written, *_) = example.write(tmp_path)

    assert config_written == (tmp_path / "config.toml", False)
    assert (tmp_path / "config.toml").read_text() == "mine"


def test_init_says_what_stands_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("a file where the folder should be")

    with pytest.raises(MonitorError, match="cannot be written"):
        example.write(tmp_path / "desk")
