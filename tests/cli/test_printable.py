"""Text of strangers in a terminal: shown, never obeyed."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_cli.console import facts, marked, print_json, print_plain, printable, table
from hive_cli.failure import Failure

NAME_THE_WINDOW = "\x1b]0;you are rich\x07"
CLEAR_THE_SCREEN = "\x1b[2J"
CLEAR_WITH_ONE_BYTE = "\x9b2J"
BACKWARDS = "\u202e"
EVIL = f"BUY {NAME_THE_WINDOW}{CLEAR_THE_SCREEN}{CLEAR_WITH_ONE_BYTE}{BACKWARDS}EURUSD"
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def is_obeyed(sign: str) -> bool:
    control = unicodedata.category(sign) == "Cc" and sign not in "\n\t"
    return control or unicodedata.bidirectional(sign) in BIDI


def harmless(out: str) -> None:
    assert [hex(ord(sign)) for sign in out if is_obeyed(sign)] == []


@given(st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x07\x9b\u202e\u2066\r\n\t"))))
def test_only_what_a_terminal_obeys_is_taken_out(text: str) -> None:
    harmless(printable(text))
    marks = "\u061c\u200e\u200f"
    assert printable(text) == "".join(sign for sign in text if not is_obeyed(sign) and sign not in marks)


@pytest.mark.parametrize("what", ["line", "cell", "marked", "json"])
def test_every_way_to_print_is_harmless(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    if what == "line":
        print_plain([EVIL])
    elif what == "json":
        print_json({"text": EVIL})
    else:
        facts().print(table("", ("text",), [(EVIL if what == "cell" else marked(EVIL, "bold"),)]))
    out = capsys.readouterr().out
    harmless(out)
    assert "EURUSD" in out


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_loses_nothing_of_a_text(text: str) -> None:
    written: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdout.write", written.append)
        print_json([text, {text: 1}])
    harmless("".join(written))
    assert json.loads("".join(written)) == [text, {text: 1}]


def test_a_rejected_row_is_harmless(hive, tmp_path) -> None:
    good = {"id": 1, "ts": "2017-03-06T10:00:00Z", "text": "hi"}
    lines = [good, good | {"id": 2, "ts": EVIL}]
    file = tmp_path / "room.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    said = hive("import", "messages", str(file), "--source", "room_a", "--format", "jsonl")
    assert said.code == 1
    harmless(said.out + said.err)
    assert "you are rich" in said.out


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("error", [Failure(EVIL, where=EVIL, details=[EVIL]), ValueError(EVIL)])
def test_an_error_is_harmless(error: Exception, debug: bool, hive, monkeypatch) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("hive_cli.settings.load_settings", fail)
    said = hive("orders", *(["--debug"] if debug else []))
    assert said.code == 1
    harmless(said.out + said.err)
    assert "EURUSD" in said.err
