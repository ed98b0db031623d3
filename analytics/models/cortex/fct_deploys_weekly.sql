-- One row per week, environment and kind of deploy, weeks without one included. Made of the stream
-- deploys (opt-in: it costs a request per entity); empty where that is not loaded.
with deploys as (
    select
        {{ week_of(day_of(adapter.quote('timestamp'))) }} as week_start,
        coalesce(nullif(environment, ''), 'none') as environment,
        coalesce(type, 'UNKNOWN') as deploy_type,
        entity_id
    from {{ ref('stg_cortex__deploys') }}
    where {{ adapter.quote('timestamp') }} is not null
),

span as (
    select
        min(deploys.week_start) as first_week,
        {{ week_of(day_of('max(clock.known_until)')) }} as last_week
    from deploys
    cross join {{ ref('int_cortex__clock') }} as clock
),

weeks as (
    select weeks.day as week_start
    from span
    cross join {{ each_day('span.first_week', 'span.last_week', 'weeks', '7 days') }}
),

kinds as (
    select distinct environment, deploy_type from deploys
),

counted as (
    select
        week_start, environment, deploy_type,
        count(*) as deploys,
        count(distinct entity_id) as entities
    from deploys
    group by week_start, environment, deploy_type
)

select
    weeks.week_start,
    kinds.environment,
    kinds.deploy_type,
    coalesce(counted.deploys, 0) as deploys,
    coalesce(counted.entities, 0) as entities,
    weeks.week_start = span.last_week as is_running_week,
    {{ proved_until('tap-cortex', ['deploys']) }} as proved_until
from weeks
cross join kinds
cross join span
left join counted
    on counted.week_start = weeks.week_start
    and counted.environment = kinds.environment
    and counted.deploy_type = kinds.deploy_type
