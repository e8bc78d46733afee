{{ config(meta={
    'description': "No look-ahead: a decision is not made before the signals that made it were posted.",
    'dagster': {'ref': {'name': 'fct_signals'}},
}) }}
select signals.signal_id, signals.ts_event, votes.decision_id, votes.ts_decided
from (
    select decision_id, ts_decided, unnest(signal_ids) as signal_id from {{ source('lake', 'decisions') }}
) as votes
inner join {{ ref('fct_signals') }} as signals on votes.signal_id = signals.signal_id
where votes.ts_decided < signals.ts_event
