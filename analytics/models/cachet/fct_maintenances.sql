-- One row per scheduled maintenance, with when it really stands and what it touches.
with clock as (
    select * from {{ ref('int_cachet__clock') }}
),

touched as (
    select
        pairs.schedule_id,
        count(*) as components,
        string_agg(components.component_name, ', ' order by components.component_name)
            as component_names
    from {{ ref('stg_cachet__schedule_components') }} as pairs
    inner join {{ ref('dim_components') }} as components
        on components.component_id = pairs.component_id
    group by pairs.schedule_id
),

dated as (
    select
        *,
        scheduled_at as begins_at,
        coalesce(
            completed_at,
            {{ hours_later('scheduled_at', var('cachet_endless_maintenance_hours')) }}
        ) as ends_at
    from {{ ref('stg_cachet__schedules') }}
)

select
    dated.id as schedule_id,
    dated.name as maintenance_name,
    case
        when dated.begins_at > clock.known_until then 'to come'
        when dated.ends_at > clock.known_until then 'under way'
        else 'over'
    end as state,
    dated.begins_at,
    dated.ends_at,
    dated.completed_at is null as is_endless,
    {{ seconds_between('dated.begins_at', 'dated.ends_at') }} as seconds,
    coalesce(touched.components, 0) as components,
    touched.component_names,
    dated.published_at,
    clock.proved_until
from dated
left join touched on touched.schedule_id = dated.id
cross join clock
