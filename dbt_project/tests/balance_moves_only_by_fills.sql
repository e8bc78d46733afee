{{ config(meta={
    'description': "What the balance gained over all days is the profit of the fills less their commission, within a cent.",
    'dagster': {'ref': {'name': 'mart_daily_risk'}},
}) }}
-- Fills after an account's last mark are not in its balance yet.
with

gained as (
    select account, sum(daily_result) as gained
    from {{ ref('mart_daily_risk') }}
    group by account
),

last_mark as (
    select account, max(ts_event) as ts_last
    from {{ source('lake', 'account_equity') }}
    group by account
),

dealt as (
    select fills.account, sum(coalesce(fills.profit, 0) - fills.commission) as dealt
    from {{ source('lake', 'fills') }} as fills
    inner join last_mark on fills.account = last_mark.account and fills.ts_event <= last_mark.ts_last
    group by fills.account
)

select gained.account, gained.gained, dealt.dealt
from gained
left join dealt on gained.account = dealt.account
where abs(gained.gained - coalesce(dealt.dealt, 0)) > 0.01
