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
    posted.source,
    posted.ts_first_message,
    posted.ts_last_message,
    posted.messages,
    posted.edits,
    coalesce(kinds.signals, 0) as signals,
    coalesce(kinds.updates, 0) as updates,
    coalesce(kinds.noise, 0) as noise,
    coalesce(kinds.refused, 0) as refused
from posted
left join kinds on posted.source = kinds.source
order by posted.source
