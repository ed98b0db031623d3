-- One row per rule: how many entities fail it now.
with exempt as (
    select distinct exemptions.scorecard_tag, exemptions.service_id, exemptions.rule_identifier
    from {{ ref('stg_cortex__scorecard_rule_exemptions') }} as exemptions
    cross join {{ ref('int_cortex__clock') }} as clock
    where
        exemptions.status = 'APPROVED'
        and (exemptions.end_date is null or exemptions.end_date > clock.known_until)
),

results as (
    select
        results.*,
        exempt.rule_identifier is not null as is_exempt
    from {{ ref('stg_cortex__scorecard_rule_results') }} as results
    left join exempt
        on exempt.scorecard_tag = results.scorecard_tag
        and exempt.service_id = results.service_id
        and exempt.rule_identifier = results.rule_key
)

select
    results.scorecard_tag,
    coalesce(nullif(min(results.scorecard_name), ''), results.scorecard_tag) as scorecard_name,
    results.rule_key,
    coalesce(nullif(min(results.title), ''), results.rule_key) as rule_title,
    min(results.level_name) as level_name,
    count(*) as entities,
    count(case when results.passed then 1 end) as passing,
    count(case when not coalesce(results.passed, false) then 1 end) as failing,
    count(case when not coalesce(results.passed, false) and results.is_exempt then 1 end)
        as failing_exempt,
    count(case when results.error is not null then 1 end) as with_error,
    count(case when not coalesce(results.passed, false) then 1 end)
        / cast(count(*) as double precision) as failing_share,
    {{ proved_until('tap-cortex', ['scorecard_rule_results', 'scorecard_rule_exemptions']) }}
        as proved_until
from results
group by results.scorecard_tag, results.rule_key
