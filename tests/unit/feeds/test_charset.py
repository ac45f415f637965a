from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.charset import decode

KOREAN = "국가정보원은 북한군 포로 두 명이 한국행을 원한다고 밝혔다. "
RUSSIAN = "Двое северокорейских солдат взяты в плен под Курском, сообщил президент. "
UKRAINIAN = "Двоє північнокорейських солдатів потрапили в полон, їх допитують. "
CHINESE = "两名朝鲜士兵在库尔斯克被俘，乌克兰总统星期六宣布。他们正在接受审问。"
JAPANESE = "北朝鮮の兵士二人がクルスクで捕虜になったとウクライナの大統領が発表した。"
LEGACY = [
    (KOREAN, "euc-kr"),
    (RUSSIAN, "windows-1251"),
    (RUSSIAN, "koi8-r"),
    (UKRAINIAN, "windows-1251"),
    (UKRAINIAN, "koi8-u"),
    (CHINESE, "gb2312"),
    (CHINESE, "gb18030"),
    (JAPANESE, "shift_jis"),
    (JAPANESE, "euc-jp"),
]


def document(text: str, encoding: str, *, label: str = "") -> bytes:
    declaration = f'<?xml version="1.0" encoding="{label}"?>' if label else ""
    return f"{declaration}<rss><title>{text}</title></rss>".encode(encoding)


@pytest.mark.parametrize(("text", "encoding"), LEGACY)
def test_a_declared_character_set_is_read(text: str, encoding: str) -> None:
    assert text in decode(document(text, encoding, label=encoding))


@pytest.mark.parametrize(("text", "encoding"), LEGACY)
def test_one_named_only_by_the_header_is_read(text: str, encoding: str) -> None:
    body = document(text, encoding)

    assert text in decode(body, content_type=f'text/xml; Charset="{encoding.upper()}"')


@pytest.mark.parametrize(("text", "encoding"), LEGACY)
@pytest.mark.parametrize("label", ["", "utf-8"])
def test_one_not_named_or_named_wrongly_is_guessed(text: str, encoding: str, label: str) -> None:
    assert text in decode(document(text * 5, encoding, label=label))


@pytest.mark.parametrize(
    "label", ["", "euc-kr", "gb2312", "windows-1251", "us-ascii", "no-such-set"]
)
def test_utf_8_is_known_whatever_it_is_called(label: str) -> None:
    body = document(KOREAN + RUSSIAN, "utf-8", label=label)

    assert KOREAN in decode(body, content_type="text/xml; charset=iso-8859-1")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("marked", [True, False])
def test_wide_encodings_are_read_with_and_without_mark(encoding: str, *, marked: bool) -> None:
    mark = codecs.lookup(encoding).encode("\ufeff")[0] if marked else b""

    text = decode(mark + document(KOREAN, encoding, label="utf-16"))

    assert text.startswith("<?xml")
    assert KOREAN in text


def test_a_seven_bit_set_is_not_taken_for_ascii() -> None:
    assert JAPANESE in decode(document(JAPANESE, "iso-2022-jp", label="iso-2022-jp"))


def test_one_damaged_character_costs_only_itself() -> None:
    body = document(KOREAN * 10, "utf-8", label="utf-8").replace(
        "포".encode(), "포".encode()[:2], 1
    )

    assert decode(body).count("\ufffd") == 1
    assert "북한군" in decode(body)


def test_western_text_without_a_label_is_read() -> None:
    assert "Café à Genève – naïve" in decode("Café à Genève – naïve".encode("cp1252"))


@pytest.mark.parametrize("label", ["utf-7", "rot13", "hex", "unicode_escape", "idna", "undefined"])
def test_labels_that_hide_or_run_things_are_not_honoured(label: str) -> None:
    body = document("+ADw-script+AD4- \\u0041", "ascii", label=label)

    assert "+ADw-script+AD4- \\u0041" in decode(body)
    assert "+ADw-script+AD4- \\u0041" in decode(body + b"\xe9")


@given(st.binary(max_size=100), st.text(max_size=30))
def test_any_bytes_become_text(body: bytes, content_type: str) -> None:
    decode(body, content_type=content_type)
