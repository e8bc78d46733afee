-- Decisions as the daemon received them. They stand in its journal for good, also when the day that made
-- them was made again with other content and the lake holds other decisions for it by now.
select
    reports.account,
    reports.body ->> '$.decision_id' as decision_id,
    coalesce(reports.body ->> '$.delivery.origin.lane', 'sensor') as lane,
    (reports.body ->> '$.delivery.decision.reference_price')::double as reference_price,
    make_timestamp((reports.body ->> '$.delivery.decision.ts_decided_ns')::bigint // 1000)
    at time zone 'UTC' as ts_decided,
    make_timestamp((reports.body ->> '$.delivery.decision.valid_until_ns')::bigint // 1000)
    at time zone 'UTC' as valid_until
from {{ source('lake', 'execution_reports') }} as reports
where reports.kind = 'decision_received'
