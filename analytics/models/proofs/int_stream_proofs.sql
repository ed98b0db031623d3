-- One row per stream: when it was last proved complete, and what the newest run said.
with loads as (
    select * from {{ ref('fct_loads') }}
),

proved as (
    select
        tap_name,
        stream_name,
        max(case when is_proved then started_at end) as proved_until
    from loads
    group by tap_name, stream_name
),

newest as (
    select
        tap_name,
        stream_name,
        verdict,
        reason,
        started_at,
        row_number() over (
            partition by tap_name, stream_name order by started_at desc, run_id desc
        ) as age
    from loads
)

select
    proved.tap_name,
    proved.stream_name,
    proved.proved_until,
    newest.verdict as last_verdict,
    newest.reason as last_reason,
    newest.started_at as last_started_at
from proved
inner join newest
    on proved.tap_name = newest.tap_name and proved.stream_name = newest.stream_name
where newest.age = 1
