-- One row per day, scorecard, entity and rule. The stream scorecard_rule_results_daily (opt-in) keeps
-- this history; where it is not loaded, every run of dbt adds the results of the newest read.
{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='snapshot_date', full_refresh=false, on_schema_change='append_new_columns'
) }}
with kept as (
    select
        snapshot_date, scorecard_tag, scorecard_name, service_id, service_tag, rule_key, title,
        expression, error, state, passed, score, weight, last_evaluated
    from {{ ref('stg_cortex__scorecard_rule_results_daily') }}
),

newest as (
    select
        {{ day_of('read_at') }} as snapshot_date, scorecard_tag, scorecard_name, service_id,
        service_tag, rule_key, title, expression, error, state, passed, score, weight,
        last_evaluated
    from {{ ref('stg_cortex__scorecard_rule_results') }}
    where read_at is not null
),

results as (
    select * from kept
    union all
    select newest.*
    from newest
    left join (select distinct snapshot_date from kept) as days
        on days.snapshot_date = newest.snapshot_date
    where days.snapshot_date is null
)

select
    snapshot_date,
    scorecard_tag,
    coalesce(nullif(scorecard_name, ''), scorecard_tag) as scorecard_name,
    service_id as entity_id,
    service_tag as entity_tag,
    rule_key,
    coalesce(nullif(title, ''), rule_key) as rule_title,
    coalesce(state, case when passed then 'passed' when not passed then 'failed' end) as state,
    coalesce(passed, false) as is_passed,
    coalesce(not passed, false) as is_failed,
    error is not null as has_error,
    error,
    score as points,
    weight,
    last_evaluated as evaluated_at,
    {{ proved_until('tap-cortex', ['scorecard_rule_results']) }} as proved_until
from results
