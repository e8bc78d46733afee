with

priced as (
    select
        orders.*,
        case
            when orders.order_type = 'market'
                then decisions.reference_price
            else orders.entry
        end as reference_price,
        executions.executions,
        executions.filled_lots,
        executions.entry_price,
        executions.exit_price,
        executions.ts_filled,
        executions.ts_closed,
        executions.commission,
        executions.gross_profit,
        pips.pip
    from {{ source('lake', 'orders') }} as orders
    left join {{ ref('received_decisions') }} as decisions
        on orders.account = decisions.account and orders.decision_id = decisions.decision_id
    left join {{ ref('order_executions') }} as executions using (client_order_id)
    left join {{ ref('instrument_pips') }} as pips on orders.symbol = pips.symbol
)

select
    priced.client_order_id,
    priced.account,
    priced.decision_id,
    priced.leg,
    priced.attempt,
    priced.sources,
    priced.symbol,
    priced.side,
    priced.order_type,
    priced.state,
    priced.reason,
    priced.ts_intended,
    priced.ts_filled,
    priced.ts_closed,
    priced.lots,
    coalesce(priced.filled_lots, 0) as filled_lots,
    coalesce(priced.executions, 0) as executions,
    priced.reference_price,
    priced.entry_price,
    round(
        case
            when priced.side = 'buy' then priced.entry_price - priced.reference_price
            else priced.reference_price - priced.entry_price
        end / priced.pip,
        4
    ) as slippage_pips,
    priced.stop_loss,
    priced.take_profit,
    priced.exit_price,
    positions.exit_reason,
    priced.risk_amount,
    coalesce(priced.commission, 0) as commission,
    priced.gross_profit,
    positions.profit,
    positions.r_multiple,
    priced.run_id
from priced
left join {{ source('lake', 'positions') }} as positions using (client_order_id)
order by priced.ts_intended, priced.client_order_id
