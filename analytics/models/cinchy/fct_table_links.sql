-- One row per column that links one table to another.
select
    columns.cinchy_id as column_id,
    columns.table_full_name as from_table,
    from_tables.domain_name as from_domain,
    columns.name as column_name,
    columns.link_table as to_table,
    to_tables.domain_name as to_domain,
    columns.link_column as to_column,
    coalesce(columns.is_mandatory, false) as is_mandatory,
    columns.table_full_name = columns.link_table as is_within_table,
    coalesce(from_tables.domain_name <> to_tables.domain_name, false) as is_between_domains,
    coalesce(from_tables.is_system, columns.table_full_name like 'Cinchy.%')
        or coalesce(to_tables.is_system, columns.link_table like 'Cinchy.%') as touches_system,
    {{ proved_until('tap-cinchy', ['table_columns']) }} as proved_until
from {{ ref('stg_cinchy__table_columns') }} as columns
left join {{ ref('dim_tables') }} as from_tables
    on from_tables.table_full_name = columns.table_full_name
left join {{ ref('dim_tables') }} as to_tables
    on to_tables.table_full_name = columns.link_table
where columns.type = 'Link' and not coalesce(columns.is_system_column, false)
