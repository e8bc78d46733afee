{{ config(meta={
    'description': "Equity was never under a floor without the daemon reporting the account as over, or at rest.",
    'dagster': {'ref': {'name': 'mart_daily_risk'}},
}) }}
select account, trading_day, lowest_equity, daily_floor, maximum_floor
from {{ ref('mart_daily_risk') }}
where least(smallest_daily_headroom, smallest_maximum_headroom) < 0 and not breached and not paused
