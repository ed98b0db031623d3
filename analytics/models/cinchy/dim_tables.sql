-- One row per table the account may see.
with tables as (
    select * from {{ ref('stg_cinchy__tables') }}
),

-- A domain's name may hold dots: the longest one that fits is the table's.
homes as (
    select
        tables.cinchy_id,
        domains.name as domain_name,
        row_number() over (partition by tables.cinchy_id order by length(domains.name) desc) as rank
    from tables
    inner join {{ ref('stg_cinchy__domains') }} as domains
        on left(tables.full_name, length(domains.name) + 1) = concat(domains.name, '.')
),

columns as (
    select
        table_full_name,
        count(case when not is_system_column then 1 end) as columns,
        count(case when not is_system_column and type = 'Link' then 1 end) as links_out
    from {{ ref('stg_cinchy__table_columns') }}
    group by table_full_name
),

linked as (
    select link_table, count(*) as links_in
    from {{ ref('stg_cinchy__table_columns') }}
    where type = 'Link' and not is_system_column
    group by link_table
),

named as (
    select
        tables.*,
        coalesce(homes.domain_name, split_part(tables.full_name, '.', 1)) as domain_name
    from tables
    left join homes on homes.cinchy_id = tables.cinchy_id and homes.rank = 1
)

select
    named.cinchy_id as table_id,
    named.full_name as table_full_name,
    named.domain_name,
    substring(named.full_name, cast(length(named.domain_name) + 2 as integer)) as table_name,
    named.type as table_type,
    named.description,
    named.domain_name = 'Cinchy' as is_system,
    coalesce(named.has_erased_records, false) as has_erased_records,
    coalesce(columns.columns, 0) as columns,
    coalesce(columns.links_out, 0) as links_out,
    coalesce(linked.links_in, 0) as links_in,
    named.modified as modified_at,
    {{ proved_until('tap-cinchy', ['tables', 'table_columns', 'domains']) }} as proved_until
from named
left join columns on columns.table_full_name = named.full_name
left join linked on linked.link_table = named.full_name
