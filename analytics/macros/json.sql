{#- JSON differs most between databases; nothing else here speaks of it. -#}

{% macro json_type() %}{{ return(adapter.dispatch('json_type', 'singer_analytics')()) }}{% endmacro %}
{% macro duckdb__json_type() %}{{ return('json') }}{% endmacro %}
{% macro postgres__json_type() %}{{ return('jsonb') }}{% endmacro %}

{% macro as_json(column) %}{{ return(adapter.dispatch('as_json', 'singer_analytics')(column)) }}{% endmacro %}
{% macro duckdb__as_json(column) -%}
  {%- set type = (column.data_type or column.dtype) | lower -%}
  {%- set name = adapter.quote(column.name) -%}
  {{ return(name if type == 'json' else ('cast(' ~ name ~ ' as json)' if 'char' in type or 'text' in type else 'to_json(' ~ name ~ ')')) }}
{%- endmacro %}
{% macro postgres__as_json(column) -%}
  {%- set type = (column.data_type or column.dtype) | lower -%}
  {%- set name = adapter.quote(column.name) -%}
  {{ return('cast(' ~ name ~ ' as jsonb)' if 'char' in type or type == 'text' else 'to_jsonb(' ~ name ~ ')') }}
{%- endmacro %}


{#- A table function of the texts in a JSON array, null being empty: use it after `cross join`. -#}
{% macro json_texts(column, alias, name) %}{{ return(adapter.dispatch('json_texts', 'singer_analytics')(column, alias, name)) }}{% endmacro %}
{% macro duckdb__json_texts(column, alias, name) -%}
lateral (select unnest(from_json({{ column }}, '["VARCHAR"]')) as {{ name }}) as {{ alias }}
{%- endmacro %}
{% macro postgres__json_texts(column, alias, name) -%}
lateral jsonb_array_elements_text(case when jsonb_typeof({{ column }}) = 'array' then {{ column }} else '[]'::jsonb end) as {{ alias }} ({{ name }})
{%- endmacro %}
