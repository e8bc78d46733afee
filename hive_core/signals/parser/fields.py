"""Fourth step of the parser: tokens as calls, a call as labels with the numbers that belong to them.

What the numbers mean as prices stands in `prices`; whether a call is a signal, in `intents`.
"""

from __future__ import annotations

from collections.abc import Sequence

from hive_core.signals.parser.around import (
    begins_another,
    behind_marks,
    ends_sentence,
    is_a_term,
    is_equated,
    is_moved,
    is_prose,
    is_side_letter,
    is_stop_order,
    leads_to_a_price,
    link,
    names_a_price,
    next_line,
    number_follows,
    own_prices,
    says_there_is_none,
    stands_in_brackets,
)
from hive_core.signals.parser.call_parts import Call, Field, Label, Mention, Number, Unit
from hive_core.signals.parser.counting import (
    adds_an_edge,
    is_index,
    is_list_number,
    stands_alone,
    unit_of,
    with_what_is_glued,
)
from hive_core.signals.parser.tokens import Token
from hive_core.signals.parser.vocabulary import Kind

_SIDE_LETTERS = {"b": "buy", "s": "sell"}
_AUXILIARIES = (["will"], ["would"], ["should"], ["must"], ["to"])
_PREPOSITIONS = frozenset({"in", "out", "e"})
_ORDER_NAMES = {Kind.LIMIT: "limit", Kind.STOP_ORDER: "stop", Kind.MARKET: "market"}
_WIDEST_BLANK = 3
_MOST_NUMBERS = 64
"""What comes after so many numbers of one label is no price list."""
_INDEXED = frozenset({Label.TARGET, Label.STOP, Label.ENTRY, Label.LOOSE})
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
        self.own: list[int] = []

    def read(self) -> list[Call]:
        for place, token in enumerate(self.tokens):
            kind = token.kind
            if kind is Kind.NUMBER:
                self._number(place, token)
            elif kind is Kind.MARK or kind is Kind.JOIN:
                self.between.append(token)
                if self.field.conditions and not self.field.numbers and ends_sentence(self.tokens, place):
                    self.field.conditions = []  # of another sentence
            elif kind is Kind.LINE:
                self._line(place)
                self.line += 1
                self.line_words = []
                self.line_orders = []
            elif kind is Kind.WORD:
                if token.text in _SIDE_LETTERS and self._side_by_letter(place, token):
                    pass
                elif place != self.swallowed:
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
            if is_stop_order(self.tokens, place):
                self._order("stop")
            else:
                self._label(Label.STOP, place, token)
        elif kind is Kind.TARGET:
            self._label(Label.TARGET, place, token)
        elif kind is Kind.ENTRY:
            self._entry(token)
        elif kind is Kind.OTHER:
            self._other_label(place, token)
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
            if not self.field.numbers and not stands_in_brackets(self.tokens, place):
                self.field.conditions.append(token.text)
            self.between.append(token)
        else:
            self._other_word(token)

    # Who and which way.

    def _side(self, place: int, token: Token) -> None:
        if token.text in {"buy", "sell"} and is_a_term(self.tokens, place):
            return
        if self.call.is_complete:
            if not begins_another(self._own_prices(), place):
                is_choice = place > 0 and self.tokens[place - 1].kind is Kind.JOIN
                if is_choice and token.kind is Kind.SIDE:  # "or sell, your choice"
                    self.call.sides.append(Mention(token.text, self.line, place, token.start, token.end))
                return  # what is said on lines after a whole call is talk
            self._next_call(token)
        spoken = is_prose(self.tokens, place)
        mention = Mention(token.text, self.line, place, token.start, token.end, spoken)
        (self.call.sides if token.kind is Kind.SIDE else self.call.weak_sides).append(mention)
        if token.kind is Kind.SIDE:
            self._begin_call(token)
            self.field.sided = True
            for order_type in self.line_orders:
                self._order(order_type)

    def _symbol(self, place: int, token: Token) -> None:
        mention = Mention(token.text, self.line, place, token.start, token.end)
        if self.call.is_complete and self.call.symbols:
            if not begins_another(self._own_prices(), place):
                return
            self._next_call(token)
        (self.call.symbols if token.kind is Kind.SYMBOL else self.call.unknown).append(mention)
        # In the middle of a stop's or target's own words ("sl for gold 4075") it opens nothing.
        if self.field.label not in {Label.STOP, Label.TARGET} or self.field.has_number:
            self._begin_call(token)

    def _own_prices(self) -> list[int]:
        """Worked out when a text first goes on behind a whole call."""
        if not self.own:
            self.own = own_prices(self.tokens)
        return self.own

    def _next_call(self, token: Token) -> None:
        self.call = Call(start=token.start)
        self.calls.append(self.call)
        self.field = Field(Label.NONE, token.start)

    def _side_by_letter(self, place: int, token: Token) -> bool:
        """ "Xau b 2644": taken for a side where no other is said before it."""
        if self.call.sides or not is_side_letter(self.tokens, place):
            return False
        self._side(place, token._replace(kind=Kind.SIDE, text=_SIDE_LETTERS[token.text]))
        return True

    def _begin_call(self, token: Token) -> None:
        """The entry may follow a side or a symbol without a label. Inside an entry that has no number yet
        ("entry: buy 1.10") nothing changes."""
        if self.field.label not in {Label.CALL, Label.ENTRY} or self.field.has_number:
            self._begin(Label.CALL, token)

    # Labels.

    def _other_label(self, place: int, token: Token) -> None:
        labelled = self.field.label in {Label.STOP, Label.TARGET, Label.ENTRY} and not self.field.has_number
        if labelled and token.text == "be" and self.field.said[-1:] in _AUXILIARIES:
            return  # "stop loss will be 3621"
        if token.text == "risk" and not self.call.has(Label.STOP) and names_a_price(self.tokens, place):
            self._begin(Label.STOP, token)  # "short 2320 | risk 2332"
            self.field.weak = True
            return
        if not (labelled and token.text in _WORDS_OF_LABELS):
            self._begin(Label.OTHER, token)

    def _weak_label(self, place: int, token: Token) -> None:
        """A slip such as "si" for "sl" counts where a price follows at once, and no clear label is there."""
        if token.text in _SIDE_LETTERS and self._side_by_letter(place, token):
            return
        if place and self.tokens[place - 1].text == "=":
            self._other_word(token)  # "id=TR-20931"
            return
        label = _WEAK[token.kind]
        after = behind_marks(self.tokens, place)
        follows = after < len(self.tokens) and self.tokens[after].kind is Kind.NUMBER
        if label is Label.ENTRY and self.field.label is Label.TARGET and self.field.line == self.line:
            follows = False  # "tp4 open 4090" is a runner
        if token.text in _PREPOSITIONS:
            follows = follows and leads_to_a_price(self.tokens, place)
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
        if label is Label.STOP and self.field.weak and stands_in_brackets(self.tokens, place):
            self.field.label = Label.STOP  # "out: 19820 (stop)"
            self.call.has_stop = True
            return
        if label is Label.STOP and place and says_there_is_none(self.tokens[place - 1]):
            self._begin(Label.OTHER, token)
            return
        self._begin(label, token)
        self.field.managed = is_moved(self.tokens, place)

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
        elif self.field.label is Label.NONE and token.kind is not Kind.MARKET and self._is_order_line(place):
            self._order(_ORDER_NAMES[token.kind])
            self._begin(Label.ENTRY, token)  # "LIMIT ORDER (1.3051)" on a line of its own
            return
        elif self.field.label is Label.NONE and token.kind is not Kind.MARKET:
            self.line_orders.append(_ORDER_NAMES[token.kind])  # "set a limit order to sell"
        if token.text == "cmp" or (self.field.label is Label.OTHER and self._is_entry_behind_size(token)):
            self._place(token)
        else:
            self.between.append(token)

    def _is_order_line(self, place: int) -> bool:
        """Whether an order word begins a line behind the side, with its price there and no stop yet."""
        if not self.call.sides or self.call.has_entry or self.call.has_stop or self.call.has_target:
            return False
        following = self.tokens[place + 1 : place + 2]
        said = place + 1 if following and following[0].text in {"order", "orders"} else place
        return stands_alone(self.tokens, place) and names_a_price(self.tokens, said)

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
        after = self.tokens[place + 1] if place + 1 < len(self.tokens) else None
        if is_list_number(self.tokens, place, field_) or (
            after is not None and after.text == "=" and is_equated(self.tokens, place)
        ):
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
        if after is not None and after.start == token.end:
            token, is_whole = with_what_is_glued(self.tokens, place, token)
            self.swallowed = place + 1 if is_whole else self.swallowed
        may_count = field_.label in _INDEXED and not field_.numbers and not field_.index
        if field_.label is Label.STOP and len(token.text) == 1:
            may_count = may_count and number_follows(self.tokens, place)  # "sl: 9" of a coin is its price
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
            bracket = link(number, between)
            if bracket and not field_.numbers:
                field_.bracketed = bracket == "("
            elif bracket:
                self.in_brackets = bracket == "(" and not field_.bracketed
            number.aside = self.in_brackets
        elif field_.numbers:
            number.blank = token.start - field_.numbers[-1].end <= _WIDEST_BLANK
        number.own_line = not place or self.tokens[place - 1].kind is Kind.LINE
        field_.numbers.append(number)
        self.between = []
        if unit <= Unit.POINTS and not field_.managed:
            self.call.has_stop |= field_.label is Label.STOP
            self.call.has_target |= field_.label is Label.TARGET

    def _line(self, place: int) -> None:
        """A label without its number waits for a next line that begins with one; a list of targets goes on
        over lines of numbers only; anything else ends with its line."""
        field_ = self.field
        if field_.label in {Label.NONE, Label.OTHER, Label.LOOSE, Label.CURRENT}:
            self.field = Field(Label.NONE, self.tokens[place].end)
            return
        line = next_line(self.tokens, place)
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
