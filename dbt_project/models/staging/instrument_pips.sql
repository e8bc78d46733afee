-- The pip of each instrument, in price units. A test holds this list equal to hive_core's instruments.
select symbol, pip
from (
    values
    ('EURUSD', 0.0001),
    ('GBPUSD', 0.0001),
    ('USDJPY', 0.01),
    ('AUDUSD', 0.0001),
    ('NZDUSD', 0.0001),
    ('USDCAD', 0.0001),
    ('USDCHF', 0.0001),
    ('EURGBP', 0.0001),
    ('EURJPY', 0.01),
    ('EURCHF', 0.0001),
    ('EURAUD', 0.0001),
    ('EURNZD', 0.0001),
    ('EURCAD', 0.0001),
    ('GBPJPY', 0.01),
    ('GBPCHF', 0.0001),
    ('GBPAUD', 0.0001),
    ('GBPNZD', 0.0001),
    ('GBPCAD', 0.0001),
    ('AUDJPY', 0.01),
    ('AUDCHF', 0.0001),
    ('AUDCAD', 0.0001),
    ('AUDNZD', 0.0001),
    ('NZDJPY', 0.01),
    ('NZDCHF', 0.0001),
    ('NZDCAD', 0.0001),
    ('CADJPY', 0.01),
    ('CADCHF', 0.0001),
    ('CHFJPY', 0.01),
    ('XAUUSD', 0.1)
) as instrument (symbol, pip)
