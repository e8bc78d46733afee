"""Bytes: framing in any pieces, mutated bytes, memory that stays bounded, times, the durable numbers."""

from __future__ import annotations

import itertools
import random

import pytest
from fix_bench import FixBench, order, report
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_exec.brokers.fix.decoding import decode
from hive_exec.brokers.fix.sequence_store import SequenceStore
from hive_exec.brokers.fix.session_types import Role
from hive_exec.brokers.fix.timestamps import NS, timestamp_ns, timestamp_text
from hive_exec.brokers.fix.wire import MAX_BODY_BYTES, FrameReader, encode
from hive_exec.sqlite_file import FileDamaged, FileInUse


def _messages() -> list[bytes]:
    bench = FixBench(Role.ACCEPTOR)
    made = [bench.message("D", order(f"n{number}")) for number in range(3)]
    quotes = [(262, "q"), (55, "EURUSD"), (268, "2"), (269, "0"), (270, "1.1"), (269, "1"), (270, "1.2")]
    made += [bench.message("8", report("r")), bench.message("W", quotes)]
    return [*made, bench.message("A", [(98, "0"), (108, "30"), (95, "5"), (96, "a\x01b=c")])]


MESSAGES = _messages()


@given(cuts=st.lists(st.integers(1, sum(map(len, MESSAGES))), max_size=40))
def test_messages_are_the_same_in_whatever_pieces_they_come(cuts):
    stream = b"".join(MESSAGES)
    edges = sorted({0, len(stream), *cuts})
    reader = FrameReader()
    found = [frame for start, end in itertools.pairwise(edges) for frame in reader.feed(stream[start:end])]
    assert found == MESSAGES
    assert reader.garbled == 0


def test_raw_data_may_hold_the_field_separator():
    message = decode(MESSAGES[-1])
    assert message is not None
    assert message.fault is None
    assert message.text(96) == "a\x01b=c"


@settings(max_examples=300)
@given(
    which=st.sampled_from(MESSAGES),
    changes=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 255), st.sampled_from("rid")), max_size=12
    ),
)
def test_mutated_bytes_never_raise_and_cost_at_most_themselves(which, changes):
    data = bytearray(which)
    for place, byte, kind in changes:
        place %= len(data)
        if kind == "r":
            data[place] = byte
        elif kind == "i":
            data.insert(place, byte)
        elif len(data) > 1:
            del data[place]
    decode(bytes(data))
    bench = FixBench(Role.ACCEPTOR, accepted_types=frozenset({"D", "8", "W"})).logged_on()
    bench.hears(bytes(data))
    # What follows two good messages later is found again, whatever came before.
    reader = FrameReader()
    reader.feed(bytes(data))
    rest = b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01" * 3000
    assert reader.feed(rest)


@settings(max_examples=200)
@given(data=st.binary(max_size=600))
def test_any_bytes_are_read_without_an_exception(data):
    decode(b"8=FIX.4.4\x019=5\x0135=D\x01" + data)
    decode(data)
    bench = FixBench(Role.INITIATOR).logged_on()
    bench.hears(data)


def test_what_is_held_stays_bounded_whatever_comes():
    rng = random.Random(44)  # noqa: S311
    for piece in (
        b"8=FIX.4.4\x019=60000\x01" + b"x" * 1000,
        b"8=" * 500,
        b"\x018",
        b"no field at all",
        b"8=FIX.4.4\x019=999999\x01",
        bytes(rng.randrange(256) for _ in range(1000)),
    ):
        reader = FrameReader()
        for _ in range(300):
            reader.feed(piece)
            assert len(reader._held) <= MAX_BODY_BYTES + 1100
        assert reader.garbled


def test_a_body_longer_than_allowed_is_passed_over():
    reader = FrameReader()
    long = encode([(8, "FIX.4.4"), (35, "0"), (58, "x" * (MAX_BODY_BYTES + 1))])
    assert reader.feed(long + MESSAGES[0]) == [MESSAGES[0]]
    assert reader.garbled


def test_more_fields_than_any_message_needs_are_garbled():
    assert decode(b"8=FIX.4.4\x019=5\x0135=D\x01" + b"58=x\x01" * 9000) is None


@given(ns=st.integers(0, 4_102_444_800 * NS))
def test_a_time_survives_to_the_millisecond(ns):
    assert timestamp_ns(timestamp_text(ns)) == ns // 1_000_000 * 1_000_000


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("20240229-23:59:59", 1_709_251_199 * NS),
        ("20240229-23:59:59.000000001", 1_709_251_199 * NS + 1),
        ("20230229-00:00:00", None),
        ("20241301-00:00:00", None),
        ("20240101-24:00:00", None),
        ("20240101 00:00:00", None),
        ("20240101-00:00:00.1", None),
        ("٢0240101-00:00:00", None),
        ("19690101-00:00:00", None),
    ],
)
def test_times_are_read_strictly(text, ns):
    assert timestamp_ns(text) == ns


def test_numbers_survive_and_the_last_write_counts(tmp_path):
    store = SequenceStore(tmp_path / "fix" / "numbers")
    assert (store.next_out, store.next_in) == (1, 1)
    for number in range(2, 30):
        store.save(number, 3 * number, is_durable=number % 2 == 0)
    store.close()
    again = SequenceStore(tmp_path / "fix" / "numbers")
    assert (again.next_out, again.next_in) == (29, 87)
    again.close()


def test_a_torn_write_leaves_the_numbers_before_it(tmp_path):
    path = tmp_path / "numbers"
    store = SequenceStore(path)
    store.save(7, 9, is_durable=True)
    store.save(8, 9, is_durable=True)
    store.close()
    whole = path.read_bytes()
    for place in range(36):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        store = SequenceStore(path)
        assert (store.next_out, store.next_in) in {(8, 9), (7, 9)}
        store.close()


def test_numbers_that_cannot_be_read_are_never_guessed(tmp_path):
    path = tmp_path / "numbers"
    path.write_bytes(b"something else")
    with pytest.raises(FileDamaged, match="reset_on_logon"):
        SequenceStore(path)


def test_one_process_holds_the_numbers(tmp_path):
    store = SequenceStore(tmp_path / "numbers")
    with pytest.raises(FileInUse, match="running already"):
        SequenceStore(tmp_path / "numbers")
    store.close()


def test_an_outgoing_number_is_on_disk_before_it_is_used(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fdatasync", lambda file: synced.append(file))
    store = SequenceStore(tmp_path / "numbers")
    synced.clear()
    store.save(2, 1, is_durable=True)
    assert len(synced) == 1
    store.save(2, 2, is_durable=False)
    store.save(2, 2, is_durable=True)
    assert len(synced) == 1
    store.close()
