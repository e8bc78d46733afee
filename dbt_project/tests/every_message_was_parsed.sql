{{ config(meta={
    'description': "No message is lost: each version has at least one parsed row, be it noise.",
    'dagster': {'ref': {'name': 'dim_sources'}},
}) }}
select messages.source, messages.message_id, messages.version
from {{ source('lake', 'messages') }} as messages
anti join {{ source('lake', 'parsed_signals') }} as parsed
    using (source, message_id, version)
inner join {{ ref('dim_sources') }} as sources on messages.source = sources.source
