-- One row per component, and per component that only an incident or a maintenance names.
with components as (
    select * from {{ ref('stg_cachet__components') }}
),

component_groups as (
    select * from {{ ref('stg_cachet__components_groups') }}
),

clock as (
    select * from {{ ref('int_cachet__clock') }}
),

named as (
    select component_id from {{ ref('stg_cachet__incident_components') }}
    union
    select component_id from {{ ref('stg_cachet__schedule_components') }}
),

first_incident as (
    select min(coalesce(occurred_at, created_at)) as began_at
    from {{ ref('stg_cachet__incidents') }}
),

listed as (
    select
        components.id as component_id,
        components.name as component_name,
        components.description,
        components.link,
        components.group_id,
        component_groups.name as group_name,
        components.{{ adapter.quote('order') }} as display_order,
        {{ cachet_status('coalesce(components.latest_status, components.status)') }} as status,
        components.enabled as is_enabled,
        true as is_listed,
        components.created_at,
        components.updated_at,
        greatest(
            coalesce(components.created_at, first_incident.began_at, clock.known_until)
            {%- if var('cachet_history_since') -%}
            , cast('{{ var('cachet_history_since') }}' as timestamp)
            {%- endif %}
        ) as history_since,
        clock.proved_until
    from components
    left join component_groups on component_groups.id = components.group_id
    cross join first_incident
    cross join clock
),

unlisted as (
    select
        named.component_id,
        concat('component ', named.component_id, ' (not listed)') as component_name,
        cast(null as {{ dbt.type_string() }}) as description,
        cast(null as {{ dbt.type_string() }}) as link,
        cast(null as bigint) as group_id,
        cast(null as {{ dbt.type_string() }}) as group_name,
        cast(null as bigint) as display_order,
        cast(null as {{ dbt.type_string() }}) as status,
        false as is_enabled,
        false as is_listed,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as updated_at,
        cast(null as timestamp) as history_since,
        clock.proved_until
    from named
    left join components on components.id = named.component_id
    cross join clock
    where components.id is null
)

select * from listed
union all
select * from unlisted
