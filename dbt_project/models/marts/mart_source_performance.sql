with

decided as (
    select unnest(sources) as source, account, decision_id
    from {{ source('lake', 'decisions') }}
),

denied as (
    select unnest(sources) as source, account, decision_id
    from {{ source('lake', 'denials') }}
),

ordered as (
    -- Each source of an order bears an equal part of its profit.
    select unnest(sources) as source, *, profit / len(sources) as profit_share
    from {{ ref('fct_orders') }}
),

read as (
    select
        source,
        count(*) as signals,
        count(*) filter (where state = 'quarantined') as refused,
        count(*) filter (where state = 'quarantined') / count(*) as refused_share
    from {{ ref('fct_signals') }}
    group by source
),

reasons as (
    -- The most frequent; of two as frequent the first by name.
    select source, first(reason order by times desc, reason) as top_reason
    from (
        select source, reason, count(*) as times
        from {{ ref('fct_signals') }}
        where state = 'quarantined'
        group by source, reason
    )
    group by source
),

traded as (
    select source, account from decided
    union
    select source, account from denied
    union
    select source, account from ordered
),

-- A source that never reached an account keeps one row, without an account.
pairs as (
    select source, account from traded
    union
    select source, null as account from {{ ref('dim_sources') }}
    where source not in (select source from traded where source is not null)
),

decision_counts as (
    select source, account, count(distinct decision_id) as decisions from decided group by source, account
),

denial_counts as (
    select source, account, count(distinct decision_id) as denied from denied group by source, account
),

order_counts as (
    select
        source,
        account,
        count(*) as orders,
        count(*) filter (where filled_lots > 0) as fills,
        count(profit) as closed,
        count(*) filter (where profit > 0) as wins,
        sum(profit_share) as profit,
        avg(r_multiple) as mean_r
    from ordered
    group by source, account
)

select
    pairs.source,
    pairs.account,
    coalesce(sources.messages, 0) as messages,
    coalesce(read.signals, 0) as signals,
    coalesce(read.refused, 0) as refused,
    read.refused_share,
    reasons.top_reason,
    coalesce(decision_counts.decisions, 0) as decisions,
    coalesce(denial_counts.denied, 0) as denied,
    coalesce(order_counts.orders, 0) as orders,
    coalesce(order_counts.fills, 0) as fills,
    coalesce(order_counts.closed, 0) as closed,
    coalesce(order_counts.wins, 0) as wins,
    order_counts.wins / nullif(order_counts.closed, 0) as win_rate,
    coalesce(order_counts.profit, 0) as profit,
    order_counts.mean_r
from pairs
left join {{ ref('dim_sources') }} as sources on pairs.source = sources.source
left join read on pairs.source = read.source
left join reasons on pairs.source = reasons.source
left join decision_counts
    on pairs.source = decision_counts.source and pairs.account = decision_counts.account
left join denial_counts
    on pairs.source = denial_counts.source and pairs.account = denial_counts.account
left join order_counts
    on pairs.source = order_counts.source and pairs.account = order_counts.account
order by pairs.source, pairs.account
