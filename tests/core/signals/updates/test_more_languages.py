"""What is asked in French, Italian, German, Turkish, Indonesian, Chinese and Hebrew; and what is not."""

# ruff: noqa: RUF001 - a letter of Turkish looks like another

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.signals.parser.text import normalise
from hive_core.signals.updates.reading import read_update
from hive_core.signals.verdicts import Action, ActionKind, ParsedUpdate, Refused

BREAKEVEN = Action(ActionKind.BREAKEVEN)
CLOSE = Action(ActionKind.CLOSE)
CANCEL = Action(ActionKind.CANCEL)
HALF = Action(ActionKind.PARTIAL_CLOSE, share=Decimal("0.5"))
FIRST_HIT = Action(ActionKind.TARGET_HIT, target_number=1)


def stop_at(price: str) -> Action:
    return Action(ActionKind.MOVE_STOP, price=Decimal(price))


ASKED: list[tuple[str, tuple[Action, ...]]] = [
    # French
    ("Fermez tout maintenant", (CLOSE,)),
    ("On ferme la moitié et on met le stop à l'entrée", (HALF, BREAKEVEN)),
    ("remontez le SL à 2404", (stop_at("2404"),)),
    ("Annulez l'ordre en attente, annulez les ordres", (CANCEL,)),
    ("objectif 1 atteint, stop à l'entrée", (FIRST_HIT, BREAKEVEN)),
    ("faute de frappe, le SL est à 2404", (stop_at("2404"),)),
    # Italian
    ("Chiudiamo tutto", (CLOSE,)),
    ("chiudete metà e spostate lo stop a pareggio", (HALF, BREAKEVEN)),
    ("spostiamo lo stop a 1.0712", (stop_at("1.0712"),)),
    ("annulliamo gli ordini pendenti", (CANCEL,)),
    ("sposta tp2 a 4120", (Action(ActionKind.MOVE_TARGET, price=Decimal(4120), target_number=2),)),
    ("usciamo qui a 4015", (CLOSE,)),
    # German
    ("bitte alle Positionen schließen", (CLOSE,)),
    ("Stop auf Einstand, Hälfte raus", (BREAKEVEN, HALF)),
    ("SL auf 18.240,5 nachziehen", (stop_at("18240.5"),)),
    ("Order bitte löschen", (CANCEL,)),
    # Turkish
    ("işlemi kapatın arkadaşlar", (CLOSE,)),
    ("stopu girişe çekin, yarısını kapatın", (BREAKEVEN, HALF)),
    ("bekleyen emri iptal edin", (CANCEL,)),
    ("stop seviyesini 2419 yapın", (stop_at("2419"),)),
    # Indonesian, Malay
    ("tutup semua posisi sekarang", (CLOSE,)),
    ("tutup separuh, geser SL ke BEP", (HALF, BREAKEVEN)),
    ("naikkan SL ke 2733", (stop_at("2733"),)),
    ("batalkan limit order", (CANCEL,)),
    # Chinese
    ("撤单", (CANCEL,)),
    ("全部平仓", (CLOSE,)),
    # Hebrew
    ("לסגור את העסקה עכשיו", (CLOSE,)),
    ("להזיז סטופ ל 4526", (stop_at("4526"),)),
]

NOTHING_TO_DO = [
    "Ne fermez pas encore la position",
    "le marché ferme dans une heure",
    "bilan de la semaine: 12 positions fermées",
    "si le prix touche 2404, fermez la position",
    "l'or a fermé à 2391",
    "non chiudete ancora",
    "quando prende il tp1 spostate lo stop a pareggio",
    "i mercati chiusi oggi",
    "riepilogo di ieri: operazione chiusa +40 pips",
    "noch nicht schließen, wenn TP1 erreicht dann schließen",
    "die Börse schließt um 22 Uhr",
    "tp1 gelince stopu girişe çekin",
    "henüz kapatmayın",
    "jangan tutup dulu",
    "kalau kena tp1 geser sl ke bep",
    "pasar tutup hari ini",
    "不要平仓",
    "לא לסגור עדיין",
    "אם מגיע ליעד לסגור את העסקה",
]


@pytest.mark.parametrize(("text", "actions"), ASKED)
def test_what_is_asked_is_read(text: str, actions: tuple[Action, ...]) -> None:
    update = read_update(normalise(text))
    assert isinstance(update, ParsedUpdate), update
    assert update.actions == actions


@pytest.mark.parametrize("text", NOTHING_TO_DO)
def test_what_is_denied_told_or_for_a_case_is_not_done(text: str) -> None:
    found = read_update(normalise(text))
    assert found is None or isinstance(found, Refused), found


@pytest.mark.parametrize(
    "text",
    [
        # Words that mean something else in another language keep their own meaning.
        "roi sl ve entry",
        "dời sl về giá vào",
        "nếu chạm 2391 thì đóng lệnh",
    ],
)
def test_words_of_other_languages_are_not_lost(text: str) -> None:
    found = read_update(normalise(text))
    if "2391" in text:
        assert isinstance(found, Refused)
    else:
        assert isinstance(found, ParsedUpdate)
        assert found.actions == (BREAKEVEN,)
