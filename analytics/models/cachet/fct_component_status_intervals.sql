-- One row per component and stretch of time in one status. The stretches of a component follow each
-- other without overlap and without gap, from its history_since until the data was read: incidents
-- that overlap are merged, the worst status wins.
{%- set states = cachet_states() %}
with clock as (
    select * from {{ ref('int_cachet__clock') }}
),

components as (
    select component_id, history_since
    from {{ ref('dim_components') }}
    where is_listed
),

spans as (
    select * from {{ ref('int_cachet__component_spans') }}
),

-- Where something begins or ends, and by how much the number of reasons for each status changes.
edges as (
    select component_id, starts_at as moment, status, 1 as change from spans
    union all
    select component_id, ends_at, status, -1 from spans
    union all
    select component_id, history_since, 'operational', 0 from components
    union all
    select components.component_id, clock.known_until, 'operational', 0
    from components cross join clock
    where components.history_since < clock.known_until
),

moments as (
    select
        component_id,
        moment,
        {%- for state in states %}
        sum(case when status = '{{ state }}' then change else 0 end) as {{ state }}_change
        {{- "," if not loop.last }}
        {%- endfor %}
    from edges
    group by component_id, moment
),

running as (
    select
        component_id,
        moment as starts_at,
        lead(moment) over (partition by component_id order by moment) as ends_at,
        {%- for state in states %}
        sum({{ state }}_change) over (
            partition by component_id order by moment
            rows between unbounded preceding and current row
        ) as {{ state }}_reasons
        {{- "," if not loop.last }}
        {%- endfor %}
    from moments
),

judged as (
    select
        component_id,
        starts_at,
        ends_at,
        case
            {%- for state in states %}
            when {{ state }}_reasons > 0 then '{{ state }}'
            {%- endfor %}
            else 'operational'
        end as status
    from running
    where ends_at is not null
),

changes as (
    select
        *,
        case
            when status = lag(status) over (partition by component_id order by starts_at) then 0
            else 1
        end as is_change
    from judged
),

islands as (
    select
        *,
        sum(is_change) over (
            partition by component_id order by starts_at
            rows between unbounded preceding and current row
        ) as island
    from changes
)

select
    islands.component_id,
    islands.status,
    min(islands.starts_at) as starts_at,
    max(islands.ends_at) as ends_at,
    {{ seconds_between('min(islands.starts_at)', 'max(islands.ends_at)') }} as seconds,
    max(islands.ends_at) = max(clock.known_until) as is_current,
    min(components.history_since) as history_since,
    max(clock.proved_until) as proved_until
from islands
inner join components on components.component_id = islands.component_id
cross join clock
group by islands.component_id, islands.island, islands.status
