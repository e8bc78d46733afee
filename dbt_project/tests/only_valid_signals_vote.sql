{{ config(meta={
    'description': "What was quarantined, or never read, has no voice in a decision.",
    'dagster': {'ref': {'name': 'fct_signals'}},
}) }}
select votes.decision_id, votes.signal_id, signals.state
from (
    select decision_id, unnest(signal_ids) as signal_id from {{ source('lake', 'decisions') }}
) as votes
left join {{ ref('fct_signals') }} as signals on votes.signal_id = signals.signal_id
where signals.state is distinct from 'valid'
