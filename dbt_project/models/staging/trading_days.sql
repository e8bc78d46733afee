-- When each trading day of an account began, by its first mark. The daemon marks an account at every reset.
select account, trading_day, min(ts_event) as ts_begin
from {{ source('lake', 'account_equity') }}
group by account, trading_day
