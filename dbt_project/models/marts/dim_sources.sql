with

posted as (
    select
        source,
        min(ts_event) as ts_first_message,
        max(ts_event) as ts_last_message,
        count(distinct message_id) as messages,
        count(*) filter (where version > 1) as edits
    from {{ source('lake', 'messages') }}
    group by source
),

-- What came by the live lane alone landed nowhere, and was traded or denied all the same.
heard as (
    select
        account,
        decision_id
    from {{ ref('received_decisions') }}
    where lane = 'live'
),

spoken as (
    select source from posted
    union
    select unnest(orders.sources) as source
    from {{ ref('fct_orders') }} as orders
    semi join heard on orders.account = heard.account and orders.decision_id = heard.decision_id
    union
    select unnest(denials.sources) as source
    from {{ source('lake', 'denials') }} as denials
    semi join heard on denials.account = heard.account and denials.decision_id = heard.decision_id
),

kinds as (
    select
        source,
        count(*) filter (where kind = 'signal') as signals,
        count(*) filter (where kind = 'update') as updates,
        count(*) filter (where kind = 'noise') as noise,
        count(*) filter (where kind = 'refused') as refused
    from {{ source('lake', 'parsed_signals') }}
    group by source
)

select
    spoken.source,
    posted.ts_first_message,
    posted.ts_last_message,
    coalesce(posted.messages, 0) as messages,
    coalesce(posted.edits, 0) as edits,
    coalesce(kinds.signals, 0) as signals,
    coalesce(kinds.updates, 0) as updates,
    coalesce(kinds.noise, 0) as noise,
    coalesce(kinds.refused, 0) as refused
from spoken
left join posted on spoken.source = posted.source
left join kinds on spoken.source = kinds.source
order by spoken.source
