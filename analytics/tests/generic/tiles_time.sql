{#- Intervals of one owner follow each other without overlap and without gap. -#}
{% test tiles_time(model, owner, starts_at, ends_at) %}
select *
from (
    select
        {{ owner }} as owner,
        {{ starts_at }} as starts_at,
        {{ ends_at }} as ends_at,
        lag({{ ends_at }}) over (partition by {{ owner }} order by {{ starts_at }}) as ended_before
    from {{ model }}
) as intervals
where ends_at <= starts_at or ended_before <> starts_at
{% endtest %}
