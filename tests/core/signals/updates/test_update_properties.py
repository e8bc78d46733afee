"""Properties of the update grammar: no text breaks it, and its words are one vocabulary."""

import time
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.signals.updates import vocabulary as module
from hive_core.signals.updates.reading import MAX_CHARACTERS, may_manage, read_update
from hive_core.signals.updates.vocabulary import LANGUAGES, Concept, triggers, vocabulary
from hive_core.signals.verdicts import ActionKind, ParsedUpdate, Refused

WORDS = sorted(vocabulary().words)
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.sampled_from(
            ["\n", ",", ".", "or", "%", "/", "-", "gold", "eurusd", "2", "50", "2331.5", "1,250"]
        ),
    ),
    max_size=14,
).map(" ".join)

SAID_IN_EVERY_LANGUAGE = {
    *("close", "cancel", "move", "entry", "partial", "secure", "profit", "all", "trade", "hold", "hit"),
    *("if", "future", "past", "to", "now", "and", "or", "filler"),
}


@given(TEXTS)
def test_any_words_in_any_order_are_read_refused_or_no_update(text):
    found = read_update(text)
    if isinstance(found, ParsedUpdate):
        assert found.actions
        assert len(set(found.actions)) == len(found.actions)
        assert 0 < found.confidence <= 1
        for action in found.actions:
            assert (action.price is not None) == (
                action.kind in {ActionKind.MOVE_STOP, ActionKind.MOVE_TARGET}
            )
            assert action.share is None or 0 < action.share < 1
    else:
        assert found is None or isinstance(found, Refused)


@given(st.text())
def test_no_text_breaks_it(text):
    found = read_update(text.lower())
    assert found is None or isinstance(found, ParsedUpdate | Refused)


@pytest.mark.parametrize(
    "word", ["close", "sl", "tp 1", "move sl to 2331 or", "hit tp", "close,", "close, gold,", "if close"]
)
def test_the_longest_text_of_one_word_is_read_in_time(word):
    text = (f"{word} " * MAX_CHARACTERS)[:MAX_CHARACTERS]
    begins = time.process_time()
    read_update(text)
    # Measured 0.07 s at most, of this process: what else the machine does is not counted.
    assert time.process_time() - begins < 0.5


def test_a_clause_without_end_asks_nothing():
    assert read_update("close " + "gold " * 100) is None
    assert isinstance(read_update("close " + "gold " * 20), ParsedUpdate)


@given(TEXTS)
def test_two_new_stops_are_never_accepted(text):
    assert not isinstance(read_update(f"move sl to 2381\n{text}\nmove sl to 2385"), ParsedUpdate)


@given(TEXTS)
def test_a_full_call_is_never_read_as_an_update_of_its_stop(text):
    found = read_update(f"gold buy 2350\nsl 2340\ntp 2360\n{text}")
    assert found is None


@given(st.lists(st.sampled_from([w for w in WORDS if vocabulary().words[w] is Concept.FILLER]), max_size=12))
def test_words_that_manage_nothing_do_not_pass_the_first_look(words):
    anchors = triggers().labels | triggers().verbs | triggers().gains
    if anchors.isdisjoint(words):
        assert not may_manage(" ".join(words), words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_words_that_an_update_needs(language):
    path = files("hive_core.signals.updates") / "words" / f"{language}.toml"
    facts = tomllib.loads(path.read_text("utf-8"))
    assert set(facts["words"]) >= SAID_IN_EVERY_LANGUAGE
    assert facts["fractions"]


def test_a_word_that_means_two_things_is_an_error(monkeypatch):
    listed = [(("close",), Concept.CLOSE, None), (("close",), Concept.HOLD, None)]
    monkeypatch.setattr(module, "_listed", lambda: iter(listed))
    with pytest.raises(ValueError, match="'close' means both close and hold"):
        vocabulary.__wrapped__()
