"""Fourth step of the parser: tokens as calls, a call as labels with the numbers that belong to them.

What the numbers mean as prices stands in `prices`; whether a call is a signal, in `intents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

from hive_core.signals.parser.call_parts import Call, Field, Label, Mention, Number, Unit
from hive_core.signals.parser.counting import (
    adds_an_edge,
    counts_thousands,
    has_a_letter,
    is_cut_off,
    is_index,
    stands_alone,
    unit_of,
)
from hive_core.signals.parser.tokens import Token
from hive_core.signals.parser.vocabulary import Kind

_ZONE_MARKS = frozenset("-/_:,&=+.")
_BETWEEN_WORDS = frozenset({"@", "se", "finally"})
"""Join numbers too: "50% @ 90.60"; "se" is "to" in Hindi, "if" in Portuguese."""
_ORDINALS = frozenset(
    {
        *("first", "second", "third", "fourth", "2nd", "3rd", "next", "final", "last"),
        *("primero", "segundo", "tercero", "primeiro", "terceiro", "primer", "tercer", "ultimo"),
        *("первая", "вторая", "третья", "первый", "второй", "третий", "الاول", "الثاني", "الثالث"),
    }
)
"""Join numbers, with words around them: "1.2680 first and 1.2725", "1.2720 and the second is 1.2650"."""
_AROUND_ORDINALS = frozenset({"is", "one", "target", "el", "o", "es", "e", "y"})
_BRACKETS = frozenset("()")
_BETWEEN_NUMBERS = frozenset({Kind.MARK, Kind.JOIN, Kind.LINE})
_PREPOSITIONS = frozenset({"in", "out", "e"})
_LABEL_MARKS = frozenset(":.-=_/(,'@")
_BESIDE_A_SIDE = frozenset(
    {Kind.LINE, Kind.LIMIT, Kind.MARKET, Kind.STOP_ORDER, Kind.ENTRY, Kind.PLACE, Kind.JOIN, Kind.PENDING}
)
_BEFORE_A_SIDE = frozenset(":=-/")
_ORDER_NAMES = {Kind.LIMIT: "limit", Kind.STOP_ORDER: "stop", Kind.MARKET: "market"}
_LISTED = frozenset("-/,&")
_WIDEST_BLANK = 3
_LOOK_AHEAD = 60
"""How many tokens on the next line, or the next call, is looked for."""
_MOST_NUMBERS = 64
"""What comes after so many numbers of one label is no price list."""
_INDEXED = frozenset({Label.TARGET, Label.STOP, Label.ENTRY, Label.LOOSE})
_LIST_MARKS = frozenset(")-.:/")
_NEAR_WORDS = 3
"""An order word further behind the side than this is an adverb of the text."""
_WEAK = {Kind.WEAK_STOP: Label.STOP, Kind.WEAK_TARGET: Label.TARGET, Kind.WEAK_ENTRY: Label.ENTRY}
_WORDS_OF_LABELS = frozenset({"profit", "profits", "no", "number", "id", "size", "price"})
"""Other labels that between a label and its number say nothing: "target profit 1.10", "tp no 1"."""
_NUMBERED = frozenset(
    {
        Kind.WEAK_STOP,
        Kind.WEAK_TARGET,
        Kind.TARGET,
        Kind.STOP,
        Kind.ENTRY,
        Kind.SIDE,
        Kind.PLACE,
        Kind.LIMIT,
        Kind.MARKET,
    }
)
"""Words that a number may be glued to and still be a price: "tp1.0850", "sl4075", "buy4080"."""


def _joins(between: list[Token]) -> bool:
    """Whether what stands between two numbers of a field makes one list of them."""
    counts = any(each.text in _ORDINALS for each in between)
    return all(
        each.kind in _BETWEEN_NUMBERS
        or each.text in _BETWEEN_WORDS
        or (
            counts
            and (each.kind is Kind.ARTICLE or each.text in _ORDINALS or each.text in _AROUND_ORDINALS)
        )
        for each in between
    )


def read_calls(tokens: Sequence[Token]) -> list[Call]:
    """The calls of a text, in its order. A text without any gives one empty call."""
    return _Reader(tokens).read()


class _Reader:
    """Reads token by token; `field` takes the numbers that come."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.line = 0
        self.call = Call(start=tokens[0].start if tokens else 0)
        self.calls = [self.call]
        self.field = Field(Label.NONE, self.call.start)
        self.in_brackets = False  # opened behind a price
        self.line_words: list[str] = []
        self.line_orders: list[str] = []
        self.between: list[Token] = []
        """The tokens since the last number of the field."""
        self.swallowed = -1
        """The place of a word that is part of the number before it: the "k" of "60.5k"."""

    def read(self) -> list[Call]:
        for place, token in enumerate(self.tokens):
            kind = token.kind
            if kind is Kind.NUMBER:
                self._number(place, token)
            elif kind is Kind.MARK or kind is Kind.JOIN:
                self.between.append(token)
            elif kind is Kind.LINE:
                self._line(place)
                self.line += 1
                self.line_words = []
                self.line_orders = []
            elif kind is Kind.WORD:
                if place != self.swallowed:
                    self._other_word(token)
            else:
                self._word(place, token)
            if token.end > self.call.end:
                self.call.end = token.end
        return self.calls

    def _begin(self, label: Label, token: Token) -> None:
        self.field = Field(label, token.start, line=self.line, before=list(self.line_words))
        self.in_brackets = False
        self.between = []
        self.call.fields.append(self.field)

    def _other_word(self, token: Token) -> None:
        self.between.append(token)
        self.line_words.append(token.text)
        if not self.field.numbers:
            self.field.said.append(token.text)

    def _word(self, place: int, token: Token) -> None:
        kind = token.kind
        if kind is Kind.SIDE or kind is Kind.WEAK_SIDE:
            self._side(place, token)
        elif kind is Kind.SYMBOL or kind is Kind.AMBIGUOUS_SYMBOL:
            self._symbol(place, token)
        elif kind is Kind.STOP:
            if self._is_stop_order(place, token):
                self._order("stop")
            else:
                self._label(Label.STOP, place, token)
        elif kind is Kind.TARGET:
            self._label(Label.TARGET, place, token)
        elif kind is Kind.ENTRY:
            self._entry(token)
        elif kind is Kind.OTHER:
            self._other_label(token)
        elif kind in _WEAK:
            self._weak_label(place, token)
        elif kind is Kind.CURRENT:
            self._begin(Label.CURRENT, token)
        elif kind is Kind.PENDING:
            self.call.is_pending = True
        elif kind is Kind.PLACE:
            self._place(token)
        elif kind in {Kind.LIMIT, Kind.MARKET, Kind.STOP_ORDER}:
            self._order_word(place, token)
        elif kind is Kind.RUNNER:
            self._runner(place, token)
        elif kind is Kind.CONDITION:
            if not self.field.numbers and not self._stands_in_brackets(place):
                self.field.conditions.append(token.text)
            self.between.append(token)
        else:
            self._other_word(token)

    def _stands_in_brackets(self, place: int) -> bool:
        """ "Entry (breakout): 1.1555" names the kind of entry, and no condition."""
        around = self.tokens[max(0, place - 1) : place + 2]
        return len(around) == 3 and around[0].text == "(" and around[2].text == ")"

    # Who and which way.

    def _side(self, place: int, token: Token) -> None:
        if token.text in {"buy", "sell"} and self._is_a_term(place):
            return
        if self.call.is_complete:
            if not self._begins_another(place):
                is_choice = place > 0 and self.tokens[place - 1].kind is Kind.JOIN
                if is_choice and token.kind is Kind.SIDE:  # "or sell, your choice"
                    self.call.sides.append(Mention(token.text, self.line, place, token.start, token.end))
                return  # what is said on lines after a whole call is talk
            self._next_call(token)
        is_prose = self._is_prose(place)
        mention = Mention(token.text, self.line, place, token.start, token.end, is_prose)
        (self.call.sides if token.kind is Kind.SIDE else self.call.weak_sides).append(mention)
        if token.kind is Kind.SIDE:
            self._begin_call(token)
            self.field.sided = True
            for order_type in self.line_orders:
                self._order(order_type)

    def _is_prose(self, place: int) -> bool:
        """Whether a side stands among words, with nothing of a call beside it and no end of a line."""
        near = (*self.tokens[max(0, place - 3) : place], *self.tokens[place + 1 : place + 4])
        if any(each.kind is Kind.SYMBOL or each.kind is Kind.NUMBER for each in near):
            return False
        beside = [self.tokens[at] for at in (place - 1, place + 1) if 0 <= at < len(self.tokens)]
        return len(beside) == 2 and not any(
            each.kind in _BESIDE_A_SIDE or each.text in _BEFORE_A_SIDE for each in beside
        )

    def _symbol(self, place: int, token: Token) -> None:
        mention = Mention(token.text, self.line, place, token.start, token.end)
        if self.call.is_complete and self.call.symbols:
            if not self._begins_another(place):
                return
            self._next_call(token)
        (self.call.symbols if token.kind is Kind.SYMBOL else self.call.unknown).append(mention)
        # In the middle of a stop's or target's own words ("sl for gold 4075") it opens nothing.
        if self.field.label not in {Label.STOP, Label.TARGET} or self.field.has_number:
            self._begin_call(token)

    def _next_call(self, token: Token) -> None:
        self.call = Call(start=token.start)
        self.calls.append(self.call)
        self.field = Field(Label.NONE, token.start)

    def _begins_another(self, place: int) -> bool:
        """Whether a side or symbol after a whole call has numbers of its own behind it: a label of a stop or
        target, or a price, before the text ends or a third call begins."""
        for token in islice(self.tokens, place + 1, place + 1 + _LOOK_AHEAD):
            if token.kind in {Kind.STOP, Kind.TARGET, Kind.ENTRY}:
                return True
            if token.kind is Kind.NUMBER and len(token.text) >= 3:
                return True
        return False

    def _is_a_term(self, place: int) -> bool:
        """ "Long term", "short-term", "as long as": no direction."""
        if self._piece(place) not in {"long", "short", "longs", "shorts"}:
            return False
        after = place + 1
        if after < len(self.tokens) and self.tokens[after].text == "-":
            after += 1
        if after < len(self.tokens) and self.tokens[after].text in {"term", "terms", "as", "time", "run"}:
            return True
        return place > 0 and self.tokens[place - 1].text == "as"

    def _piece(self, place: int) -> str:
        """The word of a side as it was written, by its length: "buy" and "long" are one side."""
        token = self.tokens[place]
        length = token.end - token.start
        if token.text == "buy":
            return {4: "long", 5: "longs"}.get(length, "buy")
        return {5: "short", 6: "shorts"}.get(length, "sell")

    def _begin_call(self, token: Token) -> None:
        """The entry may follow a side or a symbol without a label. Inside an entry that has no number yet
        ("entry: buy 1.10") nothing changes."""
        if self.field.label not in {Label.CALL, Label.ENTRY} or self.field.has_number:
            self._begin(Label.CALL, token)

    # Labels.

    def _other_label(self, token: Token) -> None:
        labelled = self.field.label in {Label.STOP, Label.TARGET, Label.ENTRY} and not self.field.has_number
        if not (labelled and token.text in _WORDS_OF_LABELS):
            self._begin(Label.OTHER, token)

    def _weak_label(self, place: int, token: Token) -> None:
        """A slip such as "si" for "sl" counts where a price follows at once, and no clear label is there."""
        label = _WEAK[token.kind]
        after = place + 1
        while after < len(self.tokens) and self.tokens[after].text in _LABEL_MARKS:
            after += 1
        follows = after < len(self.tokens) and self.tokens[after].kind is Kind.NUMBER
        if label is Label.ENTRY and self.field.label is Label.TARGET and self.field.line == self.line:
            follows = False  # "tp4 open 4090" is a runner
        if token.text in _PREPOSITIONS:
            # "in: 2650" is a label, "in 2025" is not; "out1: 2660" is one too.
            near = self.tokens[place + 1 : place + 3]
            is_glued = bool(near) and near[0].kind is Kind.NUMBER and near[0].start == token.end
            follows = follows and (is_glued or any(each.text in {":", "="} for each in near))
        if label is Label.STOP and self.call.has(Label.STOP):
            follows = False
        if follows and unit_of(self.tokens, after, self.tokens[after]) == Unit.PRICE:
            self._begin(label, token)
            self.field.weak = True
        elif token.text in {"open", "opened"}:
            self._runner(place, token)
        elif token.text == "e":  # "and" in Portuguese
            self.between.append(token._replace(kind=Kind.JOIN))
        else:
            self._other_word(token)

    def _label(self, label: Label, place: int, token: Token) -> None:
        if label is Label.STOP and place and self._says_there_is_none(self.tokens[place - 1]):
            self._begin(Label.OTHER, token)
            return
        self._begin(label, token)
        self.field.managed = self._is_moved(place)

    def _says_there_is_none(self, before: Token) -> bool:
        """ "Without stop, add at 0.6250": the number behind is none."""
        return before.kind is Kind.WITHOUT or before.text == "no"

    def _is_stop_order(self, place: int, token: Token) -> bool:
        """ "Buy stop 1.77": an order that waits. "Buy stop loss" and a stop on a line of its own are not."""
        if token.end - token.start != 4 or place == 0:
            return False
        return self.tokens[place - 1].kind is Kind.SIDE

    def _entry(self, token: Token) -> None:
        before = self.field
        if before.label is Label.ENTRY and not before.numbers:
            return  # "entry zone: entry 4080"
        to_entry = before.label is Label.STOP and not before.numbers and before.line == self.line
        self._begin(Label.ENTRY, token)
        self.field.explicit = True
        if to_entry:  # "sl to entry at 4080" moves a stop
            before.managed = self.field.managed = True

    def _place(self, token: Token) -> None:
        label = self.field.label
        if label is Label.NONE or (label in {Label.CALL, Label.ENTRY} and self.field.has_number):
            # "4080 or at 4078" goes on; "buy eurusd ... price 1.08" begins.
            if label is not Label.NONE and not self.between:
                self.between.append(token)
                return
            self._begin(Label.ENTRY, token)
        elif label is Label.CALL:
            self.field.label = Label.ENTRY
        elif label is Label.OTHER and self._is_entry_behind_size(token):
            self._begin(Label.ENTRY, token)
        elif label in {Label.STOP, Label.TARGET, Label.OTHER, Label.CURRENT}:
            self.between.append(token)
            return
        self.field.placed = True
        self.field.place_words.append(token.text)

    def _is_entry_behind_size(self, token: Token) -> bool:
        """ "Sell gold double lot @ 4286", "buy gold session now 2125.34": the price, not the size."""
        if token.text not in {"@", "now"} or not self.call.sides or self.field.numbers:
            return False
        following = next((each for each in self.tokens if each.start >= token.end), None)
        is_price = following is not None and following.kind is Kind.NUMBER and len(following.text) > 3
        return is_price and not any(each.has_number for each in self.call.of(Label.CALL, Label.ENTRY))

    def _is_moved(self, place: int) -> bool:
        before = place - 1
        while before >= 0 and self.tokens[before].kind is Kind.ARTICLE:
            before -= 1
        return before >= 0 and self.tokens[before].kind is Kind.MOVING

    # Kinds of orders, open targets.

    def _order(self, order_type: str) -> None:
        if order_type not in self.call.orders:
            self.call.orders.append(order_type)

    def _order_word(self, place: int, token: Token) -> None:
        """Words that name the order type count where the entry is spoken of, nowhere else."""
        near = [self.tokens[at] for at in (place - 1, place + 1) if 0 <= at < len(self.tokens)]
        if token.kind is Kind.LIMIT and len(near) == 2 and all(each.kind is Kind.NUMBER for each in near):
            self.between.append(token._replace(kind=Kind.JOIN))  # "now 4078 limit 4080" are two edges
            return
        beside = any(other.kind in {Kind.SYMBOL, Kind.SIDE, Kind.ENTRY} for other in near)
        if beside or (self.field.label in {Label.CALL, Label.ENTRY} and len(self.field.said) <= _NEAR_WORDS):
            self._order(_ORDER_NAMES[token.kind])
        elif self.field.label is Label.NONE and token.kind is not Kind.MARKET:
            self.line_orders.append(_ORDER_NAMES[token.kind])  # "set a limit order to sell"
        if token.text == "cmp" or (self.field.label is Label.OTHER and self._is_entry_behind_size(token)):
            self._place(token)
        else:
            self.between.append(token)

    def _runner(self, place: int, token: Token) -> None:
        if self.field.label is Label.TARGET:
            self.field.runner = True
            after = place + 1
            is_last = after >= len(self.tokens) or self.tokens[after].kind is not Kind.JOIN
            self.field.runner_first |= not self.field.has_number and is_last
        self.between.append(token)

    # Numbers.

    def _number(self, place: int, token: Token) -> None:
        field_ = self.field
        before = self.tokens[place - 1] if place else None
        if before is not None and before.end == token.start and before.kind not in _NUMBERED:
            if before.kind in {Kind.WORD, Kind.OTHER, Kind.RUNNER, Kind.CONDITION}:
                return  # h4, m15, id4
            if before.text == "+" and not adds_an_edge(self.tokens, place):
                self._add(place, token, Unit.OTHER)
                return
        if self._is_list_number(place, token):
            return
        if field_.label is Label.OTHER:
            self.call.stray.append(Number(token.text, token.start, token.end))
            return
        if field_.label is Label.NONE:
            if not stands_alone(self.tokens, place):
                self.call.stray.append(Number(token.text, token.start, token.end))
                return
            self._begin(Label.LOOSE, token)
            field_ = self.field
        unit = unit_of(self.tokens, place, token)
        if is_cut_off(self.tokens, place, token):
            token = token._replace(text=token.text + "x")  # no number: "1.08xx"
        elif has_a_letter(self.tokens, place, token):
            token = token._replace(text=token.text + "o00")  # none either, and long enough for a price
        if counts_thousands(self.tokens, place, token):
            self.swallowed = place + 1
            token = token._replace(text=f"{Decimal(token.text) * 1000:f}")
        may_count = field_.label in _INDEXED and not field_.numbers and not field_.index
        if may_count and is_index(self.tokens, place, token, unit):
            field_.index, field_.index_end = token.text, token.end
            self.between = []
            return
        self._add(place, token, unit)

    def _add(self, place: int, token: Token, unit: Unit) -> None:
        field_, between = self.field, self.between
        if len(field_.numbers) >= _MOST_NUMBERS:
            return
        number = Number(token.text, token.start, token.end, unit)
        if between:
            number.joined = _joins(between)
            marks = [each for each in between if each.kind is Kind.MARK or each.kind is Kind.JOIN]
            number.listed = bool(marks) and all(
                each.kind is Kind.JOIN or each.text in _LISTED for each in between
            )
            number.dashed = (
                number.joined
                and bool(marks)
                and all(each.kind is Kind.JOIN or each.text in _ZONE_MARKS for each in marks)
            )
            opened = [each.text for each in marks if each.text in _BRACKETS]
            if opened and not field_.numbers:
                field_.bracketed = opened[-1] == "("
            elif opened:
                self.in_brackets = opened[-1] == "(" and not field_.bracketed
            number.aside = self.in_brackets
        elif field_.numbers:
            number.blank = token.start - field_.numbers[-1].end <= _WIDEST_BLANK
        number.own_line = not place or self.tokens[place - 1].kind is Kind.LINE
        field_.numbers.append(number)
        self.between = []
        if unit <= Unit.POINTS and not field_.managed:
            self.call.has_stop |= field_.label is Label.STOP
            self.call.has_target |= field_.label is Label.TARGET

    def _is_list_number(self, place: int, token: Token) -> bool:
        """ "1) 4080" or "2. 4090": the number of a line in a list."""
        if len(token.text) > 2 or not token.text.isdigit() or not stands_alone(self.tokens, place):
            return False
        if self.field.label is not Label.NONE and not self.field.numbers:
            return False  # the label's own index, or its price
        after = self.tokens[place + 1 : place + 3]
        counted = len(self.field.numbers) + 1
        if self.field.label is Label.TARGET and self.field.index == "1" and int(token.text) == counted:
            # "1 4080", "2 4090" on lines of their own, under one heading
            price = next((each for each in after if each.text not in _LIST_MARKS), None)
            return price is not None and price.kind is Kind.NUMBER and len(price.text) > len(token.text)
        return len(after) == 2 and after[0].text in {")", "."} and after[1].kind is Kind.NUMBER

    def _line(self, place: int) -> None:
        """A label without its number waits for a next line that begins with one; a list of targets goes on
        over lines of numbers only; anything else ends with its line."""
        field_ = self.field
        if field_.label in {Label.NONE, Label.OTHER, Label.LOOSE, Label.CURRENT}:
            self.field = Field(Label.NONE, self.tokens[place].end)
            return
        line = self._next_line(place)
        first = next((token for token in line if token.kind not in {Kind.MARK, Kind.PLACE}), None)
        if first is not None and first.kind is Kind.NUMBER and not field_.runner:
            if not field_.has_number:
                return
            goes_on = field_.label is Label.TARGET or (field_.label is Label.ENTRY and bool(field_.index))
            if goes_on and all(
                token.kind in {Kind.NUMBER, Kind.MARK, Kind.UNIT_PIPS, Kind.JOIN} for token in line
            ):
                self.between.append(self.tokens[place])
                return
        self.field = Field(Label.NONE, self.tokens[place].end)
        self.between = []

    def _next_line(self, place: int) -> list[Token]:
        line: list[Token] = []
        for token in islice(self.tokens, place + 1, place + 1 + _LOOK_AHEAD):
            if token.kind is not Kind.LINE:
                line.append(token)
            elif line:
                break
        return line
