with

days as (
    -- Marks of one moment keep the order in which they were written.
    select
        account,
        trading_day,
        first(balance order by ts_event, file_row_number) as start_balance,
        last(balance order by ts_event, file_row_number) as end_balance,
        min(equity_low) as lowest_equity,
        max(daily_floor) as daily_floor,
        max(maximum_floor) as maximum_floor,
        min(equity_low - daily_floor) as smallest_daily_headroom,
        min(equity_low - maximum_floor) as smallest_maximum_headroom
    from {{ source('lake', 'account_equity') }}
    group by account, trading_day
),

order_days as (
    select orders.account, begun.trading_day, count(*) as orders
    from {{ ref('fct_orders') }} as orders
    asof join {{ ref('trading_days') }} as begun
        on orders.account = begun.account and orders.ts_intended >= begun.ts_begin
    group by orders.account, begun.trading_day
),

touched as (
    -- A limit that does not end the account says until when it rests.
    select
        reports.account,
        begun.trading_day,
        reports.body ->> '$.paused_until_ns' is null as ends_the_account
    from {{ source('lake', 'execution_reports') }} as reports
    asof join {{ ref('trading_days') }} as begun
        on reports.account = begun.account and reports.ts_event >= begun.ts_begin
    where reports.kind = 'account_breached'
),

breaches as (
    select account, min(trading_day) as trading_day
    from touched
    where ends_the_account
    group by account
),

pauses as (
    select distinct account, trading_day
    from touched
    where not ends_the_account
)

select
    days.account,
    days.trading_day,
    days.start_balance,
    days.end_balance,
    days.end_balance - days.start_balance as daily_result,
    days.lowest_equity,
    days.daily_floor,
    days.maximum_floor,
    days.smallest_daily_headroom,
    days.smallest_maximum_headroom,
    coalesce(order_days.orders, 0) as orders,
    coalesce(days.trading_day >= breaches.trading_day, false) as breached,
    pauses.trading_day is not null as paused
from days
left join order_days on days.account = order_days.account and days.trading_day = order_days.trading_day
left join breaches on days.account = breaches.account
left join pauses on days.account = pauses.account and days.trading_day = pauses.trading_day
order by days.account, days.trading_day
