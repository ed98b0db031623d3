{#- The loaded tables of a Cinchy platform: they are the user's own, so they are found while dbt runs. -#}

{#- What tap-cinchy calls the stream of a table, and loaders its table. -#}
{% macro cinchy_plain_stream(full_name) -%}
  {%- set parts = full_name.split('.') -%}
  {{ return(singer_analytics.plain_name(parts[0]) ~ singer_analytics.plain_name(parts[1:] | join('.'))) }}
{%- endmacro %}


{#- Table id, stream and relation of every loaded table. Two tables whose names become the same
carry their Cinchy Id at the end, as the tap wrote it. -#}
{% macro cinchy_loaded_tables() -%}
  {%- set loaded = [] -%}
  {%- if execute -%}
    {%- set database = var('raw_database') or target.database -%}
    {%- set by_name = dict() -%}
    {%- set there = run_query("select table_name from information_schema.tables where table_catalog = '" ~ database ~ "' and table_schema = '" ~ var('cinchy_schema') ~ "'") -%}
    {%- for row in there.rows -%}
      {%- do by_name.update({singer_analytics.plain_name(row[0]): row[0]}) -%}
    {%- endfor -%}
    {%- set known = run_query('select table_id, table_full_name from ' ~ ref('dim_tables') ~ ' where not is_system order by table_id') -%}
    {%- for row in known.rows -%}
      {%- set plain = singer_analytics.cinchy_plain_stream(row[1]) -%}
      {%- set name = by_name.get(plain ~ row[0]) or by_name.get(plain) -%}
      {%- if name -%}
        {%- do loaded.append({
          'table_id': row[0] | int, 'stream': name,
          'relation': adapter.get_relation(database=database, schema=var('cinchy_schema'), identifier=name),
        }) -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(loaded) }}
{%- endmacro %}


{#- When each row of a loaded table came and went. -#}
{% macro cinchy_row_dates(table) -%}
  {%- set names = dict() -%}
  {%- for column in adapter.get_columns_in_relation(table.relation) -%}
    {%- do names.update({singer_analytics.plain_name(column.name): column}) -%}
  {%- endfor -%}
    select
        {{ table.table_id }} as table_id,
        {{ as_kind(names.get('created'), 'instant') }} as created_at,
        {{ as_kind(names.get('deleted'), 'instant') }} as deleted_at
    from {{ table.relation }}
{%- endmacro %}
