{#- Holding a loaded table against the receipt of its stream; see docs/receipts.md. -#}

{#- One stream: a query with a row if its table is not what was proved, or nothing to ask. -#}
{% macro receipt_check(system, row) -%}
  {%- set stream = row['stream_name'] -%}
  {%- if row['verdict'] == 'unfinished' -%}
    {{ return("select '" ~ stream ~ "' as stream_name, 'the last run did not read it to its end' as finding") }}
  {%- endif -%}
  {%- set relation = singer_analytics.loaded_relation(system, row['table_name']) -%}
  {%- if not relation -%}
    {{ return("select '" ~ stream ~ "' as stream_name, 'it was never loaded' as finding" if row['living'] | int else '') }}
  {%- endif -%}
  {%- set names = dict() -%}
  {%- for column in adapter.get_columns_in_relation(relation) -%}
    {%- do names.update({singer_analytics.plain_name(column.name): column}) -%}
  {%- endfor -%}
  {%- set parts = [] -%}
  {%- set kinds = fromjson(row['key_columns']) -%}
  {%- for name, kind in kinds.items() -%}
    {%- set column = names.get(singer_analytics.plain_name(name)) -%}
    {%- if not column -%}{{ return('') }}{%- endif -%}
    {%- do parts.append((adapter.quote(column.name), kind)) -%}
  {%- endfor -%}
  {%- set version = names.get('sdctableversion') -%}
  {%- if row['scope'] == 'version' and not version -%}{{ return('') }}{%- endif -%}
  {%- set living = ['1 = 1'] -%}
  {%- if names.get('sdcdeletedat') -%}
    {%- do living.append(adapter.quote(names['sdcdeletedat'].name) ~ ' is null') -%}
  {%- endif -%}
  {%- if row['scope'] == 'version' -%}
    {%- do living.append(adapter.quote(version.name) ~ ' = ' ~ row['table_version']) -%}
  {%- endif -%}
  {%- set hashed = singer_analytics.key_hash(parts) -%}
  {%- set number = parts[0][0] -%}
  {%- set small = number ~ ' > -100000000000000 and ' ~ number ~ ' < 100000000000000' -%}
  {%- set own = 'cast(null as decimal(38, 0))' -%}
  {%- if parts | length == 1 and parts[0][1] == 'integer' -%}
    {%- set own = 'case when ' ~ small ~ ' then cast(' ~ number ~ ' as decimal(38, 0)) end' -%}
    {%- set hashed = 'case when ' ~ small ~ ' then null else ' ~ hashed ~ ' end' -%}
  {%- endif -%}
  {%- set query -%}
    select '{{ stream }}' as stream_name, 'it has ' || found.row_count || ' rows with ' || found.key_count || ' keys (digest '
        || found.key_digest || ') where {{ row['key_count'] }} keys were sent (digest {{ row['key_digest'] }})' as finding
    from (
        select
            coalesce(sum(terms.n), 0) as row_count,
            count(*) as key_count,
            coalesce(sum(terms.own), 0) || ':' || coalesce(sum(terms.own * terms.own), 0) || ':' || coalesce(sum(terms.hashed), 0) as key_digest
        from (
            select keys.own, keys.hashed, count(*) as n
            from (select {{ own }} as own, {{ hashed }} as hashed from {{ relation }} where {{ living | join(' and ') }}) as keys
            group by keys.own, keys.hashed
        ) as terms
    ) as found
    where
        found.key_digest <> '{{ row['key_digest'] }}'
        or found.key_count <> {{ row['key_count'] }}
        or found.row_count not in ({{ row['key_count'] }}, {{ row['living'] }})
  {%- endset -%}
  {{ return(query) }}
{%- endmacro %}


{#- The number of a key that is hashed: the first 15 hexadecimal digits of the MD5 of its parts' MD5s. -#}
{% macro key_hash(parts) -%}
  {%- set hashes = [] -%}
  {%- for column, kind in parts -%}
    {%- if target.type == 'duckdb' -%}
      {%- set text = {
        'integer': 'cast(cast(' ~ column ~ ' as hugeint) as varchar)',
        'boolean': 'cast(cast(' ~ column ~ ' as integer) as varchar)',
        'instant': 'cast(epoch_us(' ~ column ~ ') as varchar)',
        'date': "strftime(" ~ column ~ ", '%Y-%m-%d')",
      }.get(kind, 'replace(cast(' ~ column ~ ' as varchar), chr(0), chr(65533))') -%}
    {%- else -%}
      {%- set text = {
        'integer': 'trunc((' ~ column ~ ')::numeric)::text',
        'boolean': '(' ~ column ~ ')::int::text',
        'instant': 'round(extract(epoch from ' ~ column ~ ') * 1000000)::bigint::text',
        'date': "to_char(" ~ column ~ ", 'YYYY-MM-DD')",
      }.get(kind, '(' ~ column ~ ')::text') -%}
    {%- endif -%}
    {%- do hashes.append("coalesce(md5(" ~ text ~ "), '" ~ '0' * 32 ~ "')") -%}
  {%- endfor -%}
  {%- set digits = 'substr(md5(' ~ hashes | join(' || ') ~ '), 1, 15)' -%}
  {%- if target.type == 'duckdb' -%}
    {{ return("cast(cast('0x' || " ~ digits ~ " as bigint) as decimal(38, 0))") }}
  {%- endif -%}
  {{ return("cast(('x0' || " ~ digits ~ ")::bit(64)::bigint as decimal(38, 0))") }}
{%- endmacro %}
