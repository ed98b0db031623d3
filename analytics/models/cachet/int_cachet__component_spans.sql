-- One row per reason for a component not to be operational: an incident, or a maintenance.
-- Spans of a component overlap; fct_component_status_intervals merges them.
with clock as (
    select * from {{ ref('int_cachet__clock') }}
),

by_incident as (
    select
        hit.component_id,
        incidents.incident_id,
        cast(null as bigint) as schedule_id,
        {{ cachet_status("coalesce(hit.component_status, " ~ var('cachet_status_untold') ~ ")") }} as status,
        incidents.started_at as starts_at,
        case when incidents.is_open then incidents.known_until else incidents.resolved_at end as ends_at
    from {{ ref('fct_incidents') }} as incidents
    inner join {{ ref('stg_cachet__incident_components') }} as hit
        on hit.incident_id = incidents.incident_id
    where not incidents.is_maintenance
),

by_schedule as (
    select
        touched.component_id,
        cast(null as bigint) as incident_id,
        schedules.id as schedule_id,
        'maintenance' as status,
        schedules.scheduled_at as starts_at,
        coalesce(
            schedules.completed_at,
            {{ hours_later('schedules.scheduled_at', var('cachet_endless_maintenance_hours')) }}
        ) as ends_at
    from {{ ref('stg_cachet__schedules') }} as schedules
    inner join {{ ref('stg_cachet__schedule_components') }} as touched
        on touched.schedule_id = schedules.id
),

spans as (
    select * from by_incident
    union all
    select * from by_schedule
)

select
    spans.component_id,
    spans.incident_id,
    spans.schedule_id,
    spans.status,
    greatest(spans.starts_at, components.history_since) as starts_at,
    least(spans.ends_at, clock.known_until) as ends_at
from spans
inner join {{ ref('dim_components') }} as components
    on components.component_id = spans.component_id and components.is_listed
cross join clock
where
    spans.status <> 'operational'
    and spans.starts_at is not null
    and spans.ends_at is not null
    and greatest(spans.starts_at, components.history_since) < least(spans.ends_at, clock.known_until)
