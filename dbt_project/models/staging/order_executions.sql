-- The executions of each order in one row. Prices are averages weighted by lots.
select
    client_order_id,
    count(*) as executions,
    sum(lots) filter (where role = 'entry') as filled_lots,
    sum(price * lots) filter (where role = 'entry') / sum(lots) filter (where role = 'entry') as entry_price,
    sum(price * lots) filter (where role = 'exit') / sum(lots) filter (where role = 'exit') as exit_price,
    min(ts_event) filter (where role = 'entry') as ts_filled,
    max(ts_event) filter (where role = 'exit') as ts_closed,
    sum(commission) as commission,
    sum(profit) as gross_profit
from {{ source('lake', 'fills') }}
group by client_order_id
