-- One row per stream and run: what was read, what was proved of it, and what it cost.
with receipts as (
    select * from {{ ref('stg_receipts') }}
)

select
    run_id,
    replace(tap_name, '_', '-') as tap_name,
    tap_version,
    source_system,
    stream_name,
    coalesce(table_name, stream_name) as table_name,
    verdict,
    verdict = 'complete' as is_proved,
    verdict in ('complete', 'unproved_accepted', 'skipped') as is_fine,
    proof,
    scope,
    reason,
    rows_expected,
    rows_received,
    rows_written,
    rows_duplicate,
    rows_skipped,
    tombstones,
    key_columns,
    key_count,
    key_digest,
    table_version,
    bookmark_before,
    bookmark_after,
    requests,
    started_at,
    finished_at,
    {{ seconds_between('started_at', 'finished_at') }} as seconds,
    {{ day_of('started_at') }} as load_date,
    row_number() over (
        partition by replace(tap_name, '_', '-'), source_system, stream_name
        order by started_at desc, run_id desc
    ) = 1 as is_latest
from receipts
