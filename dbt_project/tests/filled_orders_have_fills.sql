{{ config(meta={
    'description': "An order's state and its executions tell the same story, and no more is filled than was ordered.",
    'dagster': {'ref': {'name': 'fct_orders'}},
}) }}
select client_order_id, state, lots, filled_lots, executions
from {{ ref('fct_orders') }}
where (state in ('filled', 'closed')) != (filled_lots > 0)
    or (state = 'closed') != (exit_price is not null)
    or filled_lots > lots + 1e-9
