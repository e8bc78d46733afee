"""The one home of prices written on another scale: "3.649" for gold at 3649, "144250" for yen at 144.25."""

from __future__ import annotations

from decimal import Decimal

_THOUSAND = Decimal(1000)
_DIGITS_OF_THOUSANDS = 3


def readings_near(written: Decimal, known: Decimal, factor: Decimal) -> list[Decimal]:
    """What a written price may be that stands within a factor of a known one, as it is written first.

    Its separator may be read the other way: a point before three decimals as one of thousands, and a whole
    number of more than three digits with its last three as decimals. Other numbers are as written: "4" is no
    4000, and "11.6" no 11600 but the end of 4011.6.
    """
    readings = [written]
    if -int(written.as_tuple().exponent) == _DIGITS_OF_THOUSANDS:
        readings.append(written * _THOUSAND)
    elif written >= _THOUSAND and written == written.to_integral_value():
        readings.append(written / _THOUSAND)
    return [price for price in readings if known <= price * factor and price <= known * factor]
