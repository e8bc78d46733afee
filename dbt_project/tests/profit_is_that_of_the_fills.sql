{{ config(meta={
    'description': "A closed order made what its exits made, less its commission, within a cent.",
    'dagster': {'ref': {'name': 'fct_orders'}},
}) }}
select client_order_id, profit, gross_profit, commission
from {{ ref('fct_orders') }}
where state = 'closed'
    and (profit is null or gross_profit is null or abs(profit - (gross_profit - commission)) > 0.01)
