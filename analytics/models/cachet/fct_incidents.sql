-- One row per incident, with the times to acknowledge and to fix it.
with clock as (
    select * from {{ ref('int_cachet__clock') }}
),

updates as (
    select
        incident_id,
        status,
        created_at,
        row_number() over (partition by incident_id order by created_at, id) as position
    from {{ ref('stg_cachet__incident_updates') }}
    where created_at is not null
),

reopened as (
    select
        incident_id,
        count(*) as updates,
        min(created_at) as first_update_at,
        max(case when status <> 4 then position else 0 end) as last_open_position,
        max(case when status = 4 then position else 0 end) as last_fixed_position
    from updates
    group by incident_id
),

-- An incident of 3.x may have no status of its own; then its updates tell.
incidents as (
    select
        incidents.*,
        coalesce(
            incidents.is_resolved, reopened.last_fixed_position > reopened.last_open_position, false
        ) as is_over,
        reopened.updates,
        reopened.first_update_at
    from {{ ref('stg_cachet__incidents') }} as incidents
    left join reopened on reopened.incident_id = incidents.id
),

-- The update that fixed it for good: the first `fixed` after the last update that was not.
fixed as (
    select
        updates.incident_id,
        min(updates.created_at) as fixed_at
    from updates
    inner join reopened on reopened.incident_id = updates.incident_id
    where updates.status = 4 and updates.position > coalesce(reopened.last_open_position, 0)
    group by updates.incident_id
),

affected as (
    select
        incident_id,
        count(*) as components,
        max(case coalesce(component_status, {{ var('cachet_status_untold') }})
            when 4 then 4 when 3 then 3 when 2 then 2 else 0
        end) as worst_status
    from {{ ref('stg_cachet__incident_components') }}
    group by incident_id
),

dated as (
    select
        incidents.*,
        incidents.scheduled_at is not null as is_maintenance,
        coalesce(incidents.occurred_at, incidents.created_at, incidents.first_update_at) as began_at,
        case when incidents.is_over then coalesce(fixed.fixed_at, incidents.updated_at) end
            as ended_at,
        case
            when not incidents.is_over then null
            when fixed.fixed_at is not null then 'update'
            when incidents.updated_at is not null then 'last change'
        end as resolved_by,
        affected.components,
        affected.worst_status
    from incidents
    left join fixed on fixed.incident_id = incidents.id
    left join affected on affected.incident_id = incidents.id
),

-- Hand-set dates may lie before the beginning: nothing lasts less than no time. (`greatest` alone
-- will not do: it overlooks nulls.)
timed as (
    select
        *,
        case when first_update_at < began_at then began_at else first_update_at end
            as acknowledged_at,
        case when ended_at < began_at then began_at else ended_at end as resolved_at
    from dated
)

select
    timed.id as incident_id,
    timed.name as incident_name,
    case timed.latest_status
        when 0 then 'reported'
        when 1 then 'investigating'
        when 2 then 'identified'
        when 3 then 'watching'
        when 4 then 'fixed'
    end as status,
    case timed.visible when 0 then 'signed-in readers' when 1 then 'everybody' when 2 then 'hidden' end
        as visible_to,
    timed.is_over as is_resolved,
    not timed.is_over and not timed.is_maintenance as is_open,
    timed.is_maintenance,
    {{ cachet_status('nullif(timed.worst_status, 0)') }} as impact,
    coalesce(timed.components, 0) as components,
    coalesce(timed.updates, 0) as updates,
    timed.began_at as started_at,
    timed.acknowledged_at,
    timed.resolved_at,
    timed.resolved_by,
    {{ seconds_between('timed.began_at', 'timed.acknowledged_at') }} as seconds_to_acknowledge,
    {{ seconds_between('timed.began_at', 'timed.resolved_at') }} as seconds_to_fix,
    case when not timed.is_over and not timed.is_maintenance then
        {{ seconds_between('timed.began_at', 'greatest(clock.known_until, timed.began_at)') }}
    end as seconds_open,
    timed.created_at,
    timed.published_at,
    clock.known_until,
    clock.proved_until
from timed
cross join clock
