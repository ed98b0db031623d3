{#- Instants are timestamps without a zone, in UTC, in every model: the session's zone then plays
no part. -#}

{% macro as_utc(column) -%}
  {%- set type = (column.data_type or column.dtype) | lower -%}
  {%- set name = adapter.quote(column.name) -%}
  {%- if 'with time zone' in type or 'timestamptz' in type -%}
    {{ return(adapter.dispatch('zoned_as_utc', 'singer_analytics')(name)) }}
  {%- elif type.startswith('timestamp') -%}
    {{ return('cast(' ~ name ~ ' as timestamp)') }}
  {%- endif -%}
  {{ return(adapter.dispatch('text_as_utc', 'singer_analytics')(name)) }}
{%- endmacro %}

{% macro duckdb__zoned_as_utc(name) %}{{ return('make_timestamp(epoch_us(' ~ name ~ '))') }}{% endmacro %}
{% macro postgres__zoned_as_utc(name) %}{{ return("(" ~ name ~ " at time zone 'UTC')") }}{% endmacro %}

{% macro duckdb__text_as_utc(name) %}{{ return('make_timestamp(epoch_us(cast(' ~ name ~ ' as timestamptz)))') }}{% endmacro %}
{% macro postgres__text_as_utc(name) %}{{ return("(cast(" ~ name ~ " as timestamptz) at time zone 'UTC')") }}{% endmacro %}


{#- A timestamp in UTC from seconds since 1970. -#}
{% macro from_epoch(seconds) %}{{ return(adapter.dispatch('from_epoch', 'singer_analytics')(seconds)) }}{% endmacro %}
{% macro duckdb__from_epoch(seconds) %}{{ return('make_timestamp(cast(1000000 * (' ~ seconds ~ ') as bigint))') }}{% endmacro %}
{% macro postgres__from_epoch(seconds) %}{{ return("(to_timestamp(" ~ seconds ~ ") at time zone 'UTC')") }}{% endmacro %}


{#- Now, in UTC. -#}
{% macro utc_now() %}{{ return(adapter.dispatch('utc_now', 'singer_analytics')()) }}{% endmacro %}
{% macro duckdb__utc_now() %}{{ return('make_timestamp(epoch_us(current_timestamp))') }}{% endmacro %}
{% macro postgres__utc_now() %}{{ return("(current_timestamp at time zone 'UTC')") }}{% endmacro %}


{#- Whole seconds from one instant to another. -#}
{% macro seconds_between(start, end) -%}
cast(round(extract(epoch from {{ end }}) - extract(epoch from {{ start }})) as bigint)
{%- endmacro %}


{#- The instant so many hours after another. -#}
{% macro hours_later(instant, hours) -%}
({{ instant }} + {{ hours }} * interval '1 hour')
{%- endmacro %}


{#- The day an instant falls on, where the reports' clock hangs. -#}
{% macro day_of(instant) -%}
{%- if var('reporting_timezone') == 'UTC' -%}
cast({{ instant }} as date)
{%- else -%}
cast((({{ instant }}) at time zone 'UTC' at time zone '{{ var('reporting_timezone') }}') as date)
{%- endif -%}
{%- endmacro %}


{#- The instant at which a day begins; days of a change of clocks have 23 or 25 hours. -#}
{% macro start_of_day(day) -%}
{%- if var('reporting_timezone') == 'UTC' -%}
cast({{ day }} as timestamp)
{%- else -%}
(cast({{ day }} as timestamp) at time zone '{{ var('reporting_timezone') }}' at time zone 'UTC')
{%- endif -%}
{%- endmacro %}


{#- The day after a day. -#}
{% macro next_day(day) -%}
cast({{ day }} + interval '1 day' as date)
{%- endmacro %}


{#- First day of the month, and Monday of the week, of a day. -#}
{% macro month_of(day) -%}
cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{% macro week_of(day) -%}
cast(date_trunc('week', {{ day }}) as date)
{%- endmacro %}


{#- The days (or weeks) from one date to another, both included: use it after `cross join`. -#}
{% macro each_day(first, last, alias='days', step='1 day') %}{{ return(adapter.dispatch('each_day', 'singer_analytics')(first, last, alias, step)) }}{% endmacro %}
{% macro duckdb__each_day(first, last, alias, step) -%}
lateral (select cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '{{ step }}')) as date) as day) as {{ alias }}
{%- endmacro %}
{% macro postgres__each_day(first, last, alias, step) -%}
lateral (select cast(moment as date) as day from generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '{{ step }}') as series (moment)) as {{ alias }}
{%- endmacro %}


{#- Until when a system's data is known: the variable as_of, else the newest read of these models,
else now. -#}
{% macro known_until(models) -%}
{%- if var('as_of') -%}
cast('{{ var('as_of') }}' as timestamp)
{%- else -%}
coalesce(
    (select max(read_at) from (
      {%- for model in models %}
        select max(read_at) as read_at from {{ ref(model) }}
        {%- if not loop.last %} union all {%- endif %}
      {%- endfor %}
    ) as reads),
    {{ singer_analytics.utc_now() }}
)
{%- endif -%}
{%- endmacro %}
