with

read_as_signal as (
    select * from {{ source('lake', 'parsed_signals') }}
    where kind in ('signal', 'refused')
),

votes as (
    -- A signal may vote again while it is live: the first decision is the one it made.
    select
        signal_id,
        arg_min(decision_id, ts_decided) as decision_id,
        min(ts_decided) as ts_decided,
        count(*) as decisions
    from (
        select unnest(signal_ids) as signal_id, decision_id, ts_decided
        from {{ source('lake', 'decisions') }}
    )
    group by signal_id
),

quarantined as (
    -- A refused row need not have an id of its own; then its message names it.
    select
        coalesce(signal_id, source || ':' || message_id || ':' || version) as signal_key,
        field,
        reason,
        detail
    from {{ source('lake', 'quarantined_signals') }}
),

keyed as (
    select
        *,
        coalesce(signal_id, source || ':' || message_id || ':' || version) as signal_key
    from read_as_signal
)

select
    keyed.signal_key,
    keyed.signal_id,
    keyed.source,
    keyed.message_id,
    keyed.version,
    keyed.ts_event,
    keyed.symbol,
    keyed.side,
    keyed.order_type,
    case
        when valid.signal_id is not null then 'valid'
        when quarantined.signal_key is not null then 'quarantined'
    end as state,
    quarantined.field,
    quarantined.reason,
    quarantined.detail,
    votes.decision_id,
    votes.ts_decided,
    coalesce(votes.decisions, 0) as decisions,
    outcomes.outcome,
    outcomes.r_multiple as outcome_r
from keyed
left join {{ source('lake', 'valid_signals') }} as valid on keyed.signal_id = valid.signal_id
left join quarantined on keyed.signal_key = quarantined.signal_key
left join votes on keyed.signal_id = votes.signal_id
left join {{ source('lake', 'source_outcomes') }} as outcomes on keyed.signal_id = outcomes.signal_id
order by keyed.ts_event, keyed.signal_key
