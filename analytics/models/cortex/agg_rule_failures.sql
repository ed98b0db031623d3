-- One row per rule: how the entities stand on it now.
with results as (
    select
        *,
        -- Loads of older taps tell only whether a rule was passed.
        coalesce(state, case when passed then 'passed' when not passed then 'failed' end) as standing
    from {{ ref('stg_cortex__scorecard_rule_results') }}
),

counted as (
    select
        scorecard_tag,
        coalesce(nullif(min(scorecard_name), ''), scorecard_tag) as scorecard_name,
        rule_key,
        coalesce(nullif(min(title), ''), rule_key) as rule_title,
        min(level_name) as level_name,
        count(*) as entities,
        count(case when standing = 'passed' then 1 end) as passing,
        count(case when standing = 'failed' then 1 end) as failing,
        count(case when standing = 'exempt' then 1 end) as exempt,
        count(case when error is not null then 1 end) as with_error
    from results
    group by scorecard_tag, rule_key
)

select
    scorecard_tag,
    scorecard_name,
    rule_key,
    rule_title,
    level_name,
    entities,
    passing,
    failing,
    exempt,
    entities - passing - failing - exempt as not_counting,
    with_error,
    failing / nullif(cast(passing + failing as double precision), 0) as failing_share,
    {{ proved_until('tap-cortex', ['scorecard_rule_results']) }} as proved_until
from counted
