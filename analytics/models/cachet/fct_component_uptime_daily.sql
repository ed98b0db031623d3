-- One row per component and day, from the component's history_since to the last read.
with intervals as (
    select * from {{ ref('fct_component_status_intervals') }}
),

days as (
    select
        intervals.component_id,
        days.day as date_day,
        intervals.status,
        intervals.history_since,
        intervals.proved_until,
        {{ seconds_between(
            'greatest(intervals.starts_at, ' ~ start_of_day('days.day') ~ ')',
            'least(intervals.ends_at, ' ~ start_of_day(next_day('days.day')) ~ ')'
        ) }} as seconds
    from intervals
    cross join {{ each_day(
        day_of('intervals.starts_at'),
        day_of("intervals.ends_at - interval '1 microsecond'")
    ) }}
),

incidents as (
    select
        spans.component_id,
        days.day as date_day,
        count(distinct spans.incident_id) as incidents
    from {{ ref('int_cachet__component_spans') }} as spans
    cross join {{ each_day(
        day_of('spans.starts_at'), day_of("spans.ends_at - interval '1 microsecond'")
    ) }}
    group by spans.component_id, days.day
),

summed as (
    select
        component_id,
        date_day,
        cast(sum(seconds) as bigint) as observed_seconds,
        {%- for state in ['operational', 'performance_issues', 'partial_outage', 'major_outage', 'maintenance', 'unknown'] %}
        cast(sum(case when status = '{{ state }}' then seconds else 0 end) as bigint) as {{ state }}_seconds,
        {%- endfor %}
        min(history_since) as history_since,
        max(proved_until) as proved_until
    from days
    group by component_id, date_day
)

select
    summed.component_id,
    summed.date_day,
    summed.observed_seconds,
    summed.operational_seconds,
    summed.performance_issues_seconds,
    summed.partial_outage_seconds,
    summed.major_outage_seconds,
    summed.maintenance_seconds,
    summed.unknown_seconds,
    {{ cachet_uptime() }} as uptime,
    coalesce(incidents.incidents, 0) as incidents,
    summed.history_since,
    summed.proved_until
from summed
left join incidents
    on incidents.component_id = summed.component_id and incidents.date_day = summed.date_day
