{{ config(meta={
    'description': "What the sources share is what the orders made, account by account, within a cent.",
    'dagster': {'ref': {'name': 'mart_source_performance'}},
}) }}
select coalesce(orders.account, shares.account) as account, orders.profit, shares.profit as shared
from (
    select account, sum(profit) as profit from {{ ref('fct_orders') }} group by account
) as orders
full join (
    select account, sum(profit) as profit from {{ ref('mart_source_performance') }}
    where account is not null
    group by account
) as shares on orders.account = shares.account
where abs(coalesce(orders.profit, 0) - coalesce(shares.profit, 0)) > 0.01
