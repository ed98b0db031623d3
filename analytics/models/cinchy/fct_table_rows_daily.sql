-- One row per loaded table and day: rows that came, rows that went to the recycle bin, and rows there
-- were at the end of the day. Rows that were erased for good are not known any more.
-- depends_on: {{ ref('dim_tables') }}
{%- set loaded = cinchy_loaded_tables() %}
with moments as (
    {%- for table in loaded %}
    {{ "union all" if not loop.first }}
    {{ cinchy_row_dates(table) }}
    {%- else %}
    select
        cast(null as bigint) as table_id,
        cast(null as timestamp) as created_at,
        cast(null as timestamp) as deleted_at
    where 1 = 0
    {%- endfor %}
),

streams as (
    {%- for table in loaded %}
    {{ "union all" if not loop.first }}
    select {{ table.table_id }} as table_id, '{{ table.stream }}' as stream_name
    {%- else %}
    select cast(null as bigint) as table_id, cast(null as {{ dbt.type_string() }}) as stream_name
    where 1 = 0
    {%- endfor %}
),

clock as (
    select
        {{ day_of(known_until(['stg_cinchy__tables'])) }} as last_day,
        cast({{ day_of(known_until(['stg_cinchy__tables'])) }}
            - interval '{{ var('cinchy_rows_days') }} days' as date) as first_day
),

changes as (
    select table_id, {{ day_of('created_at') }} as date_day, 1 as came, 0 as went
    from moments where created_at is not null
    union all
    select table_id, {{ day_of('deleted_at') }}, 0, 1
    from moments where deleted_at is not null
),

-- What happened before the first day, or at an unknown time, is there from the first day on.
clipped as (
    select
        changes.table_id,
        greatest(changes.date_day, clock.first_day) as date_day,
        changes.came,
        changes.went,
        changes.date_day < clock.first_day as is_older
    from changes cross join clock
    union all
    select moments.table_id, clock.first_day, 1, 0, true
    from moments cross join clock
    where moments.created_at is null
),

counted as (
    select
        table_id,
        date_day,
        count(case when came = 1 and not is_older then 1 end) as rows_created,
        count(case when went = 1 and not is_older then 1 end) as rows_deleted,
        cast(sum(came - went) as bigint) as change
    from clipped
    group by table_id, date_day
),

spans as (
    select counted.table_id, min(counted.date_day) as first_day, max(clock.last_day) as last_day
    from counted cross join clock
    group by counted.table_id
),

days as (
    select spans.table_id, days.day as date_day
    from spans
    cross join {{ each_day('spans.first_day', 'spans.last_day') }}
)

select
    days.table_id,
    tables.table_full_name,
    tables.domain_name,
    days.date_day,
    coalesce(counted.rows_created, 0) as rows_created,
    coalesce(counted.rows_deleted, 0) as rows_deleted,
    cast(sum(coalesce(counted.change, 0)) over (
        partition by days.table_id order by days.date_day
        rows between unbounded preceding and current row
    ) as bigint) as rows_alive,
    days.date_day = spans.last_day as is_latest,
    proofs.proved_until
from days
inner join spans on spans.table_id = days.table_id
inner join {{ ref('dim_tables') }} as tables on tables.table_id = days.table_id
left join counted on counted.table_id = days.table_id and counted.date_day = days.date_day
left join streams on streams.table_id = days.table_id
left join {{ ref('int_stream_proofs') }} as proofs
    on proofs.tap_name = 'tap-cinchy' and proofs.stream_name = streams.stream_name
