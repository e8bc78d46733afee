{{ config(meta={
    'description': "An order is intended after its decision was made and while it holds.",
    'dagster': {'ref': {'name': 'fct_orders'}},
}) }}
select orders.client_order_id, orders.ts_intended, decisions.ts_decided, decisions.valid_until
from {{ ref('fct_orders') }} as orders
inner join {{ ref('received_decisions') }} as decisions on orders.decision_id = decisions.decision_id
where orders.ts_intended < decisions.ts_decided or orders.ts_intended > decisions.valid_until
