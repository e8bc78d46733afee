{{ config(meta={
    'description': "A trading day begins with the balance that the day before ended with, within a cent.",
    'dagster': {'ref': {'name': 'mart_daily_risk'}},
}) }}
select *
from (
    select
        account,
        trading_day,
        start_balance,
        lag(end_balance) over (partition by account order by trading_day) as end_before
    from {{ ref('mart_daily_risk') }}
)
where abs(start_balance - end_before) > 0.01
