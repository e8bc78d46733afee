{{ config(meta={
    'description': "No execution without an order that Hive knows.",
    'dagster': {'ref': {'name': 'fct_orders'}},
}) }}
select fills.execution_id, fills.client_order_id
from {{ source('lake', 'fills') }} as fills
anti join {{ ref('fct_orders') }} as orders using (client_order_id)
