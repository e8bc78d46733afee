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
)

select
    parsed.signal_id,
    parsed.source,
    parsed.message_id,
    parsed.version,
    parsed.ts_event,
    parsed.symbol,
    parsed.side,
    parsed.order_type,
    case
        when valid.signal_id is not null then 'valid'
        when quarantined.signal_id is not null then 'quarantined'
    end as state,
    quarantined.field,
    quarantined.reason,
    quarantined.detail,
    votes.decision_id,
    votes.ts_decided,
    coalesce(votes.decisions, 0) as decisions,
    outcomes.outcome,
    outcomes.r_multiple as outcome_r
from read_as_signal as parsed
left join {{ source('lake', 'valid_signals') }} as valid on parsed.signal_id = valid.signal_id
left join {{ source('lake', 'quarantined_signals') }} as quarantined
    on parsed.signal_id = quarantined.signal_id
left join votes on parsed.signal_id = votes.signal_id
left join {{ source('lake', 'source_outcomes') }} as outcomes on parsed.signal_id = outcomes.signal_id
order by parsed.ts_event, parsed.signal_id
