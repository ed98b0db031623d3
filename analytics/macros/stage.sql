{#- Staging: one row of a loaded table, with the columns of the tap's schema and nothing else.

Loaders differ in how they write names and types. A column is found whatever it is called: letters
and digits have to agree, case and underscores do not. A column that was not loaded is null, a
table that was not loaded is empty, and `say_what_is_missing` says so. Rows that a loader marked as
deleted are left out, unless the tap itself tells of deletions (Cinchy). -#}

{% macro stage(system, stream, columns) -%}
{%- set relation = singer_analytics.loaded_relation(system, stream) -%}
{%- set found = adapter.get_columns_in_relation(relation) if relation else [] -%}
{%- set names = dict() -%}
{%- for column in found -%}
  {%- do names.update({singer_analytics.plain_name(column.name): names.get(singer_analytics.plain_name(column.name), column)}) -%}
{%- endfor -%}
{#- An exact name wins over one that only looks alike. -#}
{%- for column in found if column.name in columns -%}
  {%- do names.update({singer_analytics.plain_name(column.name): column}) -%}
{%- endfor -%}
select
{%- for name, kind in columns.items() %}
    {{ singer_analytics.as_kind_with_variants(names.get(singer_analytics.plain_name(name)), found, kind) }} as {{ adapter.quote(name) }},
{%- endfor %}
    {{ singer_analytics.read_at(found) }} as read_at
{%- if relation %}
from {{ relation }}
{%- set mark = names.get('sdcdeletedat') %}
{%- if mark and '_sdc_deleted_at' not in columns %}
where {{ adapter.quote(mark.name) }} is null
{%- endif %}
{%- else %}
where 1 = 0
{%- endif %}
{%- endmacro %}


{#- The table a loader made of a stream, or none. -#}
{% macro loaded_relation(system, stream) -%}
  {%- if execute -%}
    {%- set identifier = var('identifiers', {}).get(stream, stream) -%}
    {{ return(adapter.get_relation(
      database=var('raw_database') or target.database,
      schema=var(system ~ '_schema'),
      identifier=identifier)) }}
  {%- endif -%}
  {{ return(none) }}
{%- endmacro %}


{#- Letters and digits of a name, in lower case. -#}
{% macro plain_name(name) -%}
  {{ return(modules.re.sub('[^a-z0-9]', '', name | lower)) }}
{%- endmacro %}


{#- The same, where dlt put values that did not fit the column's type into columns beside it: a score
of 1 makes a column of doubles, and one of 28 digits goes to `percentage__v_text`. -#}
{% macro as_kind_with_variants(column, found, kind) -%}
  {%- set main = singer_analytics.as_kind(column, kind) -%}
  {%- if not column or kind == 'json' -%}{{ return(main) }}{%- endif -%}
  {%- set parts = [main] -%}
  {%- for variant in found if variant.name.startswith(column.name ~ '__v_') -%}
    {%- do parts.append(singer_analytics.as_kind(variant, kind)) -%}
  {%- endfor -%}
  {{ return('coalesce(' ~ parts | join(', ') ~ ')' if parts | length > 1 else main) }}
{%- endmacro %}


{#- A loaded column as the kind of value the tap declares; a column that is missing as null. -#}
{% macro as_kind(column, kind) -%}
  {%- set type = {
    'text': dbt.type_string(), 'integer': 'bigint', 'number': 'double precision',
    'boolean': 'boolean', 'date': 'date', 'instant': 'timestamp',
    'json': singer_analytics.json_type(),
  }[kind] -%}
  {%- if not column -%}
    cast(null as {{ type }})
  {%- elif kind == 'instant' -%}
    {{ singer_analytics.as_utc(column) }}
  {%- elif kind == 'json' -%}
    {{ singer_analytics.as_json(column) }}
  {%- else -%}
    cast({{ adapter.quote(column.name) }} as {{ type }})
  {%- endif -%}
{%- endmacro %}


{#- When a loader, or the tap before it, had the row in hand. -#}
{% macro read_at(found) -%}
  {%- set by_name = dict() -%}
  {%- for column in found -%}{%- do by_name.update({column.name | lower: column}) -%}{%- endfor -%}
  {%- for name in ['_singer_extracted_at', '_sdc_extracted_at', '_sdc_batched_at', '_sdc_received_at'] if name in by_name -%}
    {{ return(singer_analytics.as_utc(by_name[name])) }}
  {%- endfor -%}
  {%- if '_dlt_load_id' in by_name -%}
    {{ return(singer_analytics.from_epoch('cast(' ~ adapter.quote(by_name['_dlt_load_id'].name) ~ ' as double precision)')) }}
  {%- endif -%}
  {{ return('cast(null as timestamp)') }}
{%- endmacro %}


{#- Say which systems and which of their tables are not there, before empty marts puzzle anybody. -#}
{% macro say_what_is_missing() -%}
  {%- if execute and flags.WHICH in ['run', 'build', 'test'] -%}
    {%- set empty = [] -%}
    {%- set unreceipted = [] -%}
    {%- for system in ['cachet', 'cortex', 'cinchy'] if var(system ~ '_enabled', true) -%}
      {%- set missing = [] -%}
      {%- set sources = graph.sources.values() | selectattr('source_name', 'equalto', system) | list -%}
      {%- for one in sources if not one.meta.get('optional') and not singer_analytics.loaded_relation(system, one.name) -%}
        {%- do missing.append(one.name) -%}
      {%- endfor -%}
      {%- set wanted = sources | rejectattr('meta.optional') | list -%}
      {%- if missing | length == wanted | length -%}
        {%- do empty.append(system) -%}
        {%- do exceptions.warn("Nothing of tap-" ~ system ~ " was found in schema " ~ var(system ~ '_schema') ~ ": its models will be empty. Name the schema (" ~ system ~ "_schema), or switch them off (" ~ system ~ "_enabled: false).") -%}
      {%- elif missing -%}
        {%- do exceptions.warn("Tables of tap-" ~ system ~ " that were not loaded, and count as empty: " ~ missing | sort | join(', ') ~ ".") -%}
      {%- endif -%}
      {%- if missing | length < wanted | length and not singer_analytics.loaded_relation(system, 'singer_receipts') -%}
        {%- do unreceipted.append(var(system ~ '_schema')) -%}
      {%- endif -%}
    {%- endfor -%}
    {%- if unreceipted -%}
      {%- do exceptions.warn("No receipts (table singer_receipts) in schema " ~ unreceipted | unique | join(', ') ~ ": what was loaded there cannot be called proved, and proved_until is null.") -%}
    {%- endif -%}
    {%- if empty | length == 3 -%}
      {%- do exceptions.raise_compiler_error("No table of any tap was found in schemas " ~ [var('cachet_schema'), var('cortex_schema'), var('cinchy_schema')] | join(', ') ~ " of database " ~ (var('raw_database') or target.database) ~ ". Load one first, or name the schemas by the variables cachet_schema, cortex_schema, cinchy_schema.") -%}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}
