-- One row per run of a data sync, with the errors it wrote down.
with errors as (
    select
        execution_id,
        count(*) as errors,
        cast(sum(coalesce(row_count, 1)) as bigint) as rows_with_errors,
        min(error_type) as first_error_type
    from {{ ref('stg_cinchy__execution_errors') }}
    where deleted is null
    group by execution_id
)

select
    runs.cinchy_id as execution_id,
    runs.execution_id as execution_guid,
    runs.command,
    runs.server_name,
    runs.state,
    runs.state = 'Failed' as has_failed,
    runs.state = 'Running' as is_running,
    runs.execution_output as output,
    runs.execution_time,
    runs.data_sync_config as data_sync_id,
    coalesce(errors.errors, 0) as errors,
    coalesce(errors.rows_with_errors, 0) as rows_with_errors,
    errors.first_error_type,
    runs.created as started_at,
    {{ day_of('runs.created') }} as execution_date,
    runs.modified as modified_at,
    {{ proved_until('tap-cinchy', ['execution_log', 'execution_errors']) }} as proved_until
from {{ ref('stg_cinchy__execution_log') }} as runs
left join errors on errors.execution_id = runs.cinchy_id
where runs.deleted is null
