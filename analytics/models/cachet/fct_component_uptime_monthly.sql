-- One row per component and month: the days summed up, never averaged.
with days as (
    select
        *,
        {{ month_of('date_day') }} as date_month
    from {{ ref('fct_component_uptime_daily') }}
),

incidents as (
    select
        spans.component_id,
        {{ month_of('days.day') }} as date_month,
        count(distinct spans.incident_id) as incidents
    from {{ ref('int_cachet__component_spans') }} as spans
    cross join {{ each_day(
        day_of('spans.starts_at'), day_of("spans.ends_at - interval '1 microsecond'")
    ) }}
    group by spans.component_id, {{ month_of('days.day') }}
),

summed as (
    select
        component_id,
        date_month,
        {%- for state in ['observed', 'operational', 'performance_issues', 'partial_outage', 'major_outage', 'maintenance', 'unknown'] %}
        cast(sum({{ state }}_seconds) as bigint) as {{ state }}_seconds,
        {%- endfor %}
        count(*) as days,
        min(history_since) as history_since,
        max(proved_until) as proved_until
    from days
    group by component_id, date_month
),

judged as (
    select
        *,
        {{ cachet_uptime() }} as uptime
    from summed
)

select
    judged.component_id,
    judged.date_month,
    judged.days,
    judged.observed_seconds,
    judged.operational_seconds,
    judged.performance_issues_seconds,
    judged.partial_outage_seconds,
    judged.major_outage_seconds,
    judged.maintenance_seconds,
    judged.unknown_seconds,
    judged.uptime,
    lag(judged.uptime) over (partition by judged.component_id order by judged.date_month)
        as uptime_month_before,
    coalesce(incidents.incidents, 0) as incidents,
    judged.history_since,
    judged.proved_until
from judged
left join incidents
    on incidents.component_id = judged.component_id and incidents.date_month = judged.date_month
