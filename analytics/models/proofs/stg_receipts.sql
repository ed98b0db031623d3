{#- Receipts of all systems; schemas that hold several are read once. -#}
{%- set schemas = [] -%}
{%- set systems = [] -%}
{%- for system in ['cachet', 'cortex', 'cinchy'] if var(system ~ '_enabled') -%}
    {%- if var(system ~ '_schema') not in schemas -%}
        {%- do schemas.append(var(system ~ '_schema')) -%}
        {%- do systems.append(system) -%}
    {%- endif -%}
{%- endfor -%}
{{ config(materialized='view') }}
{%- for system in systems %}
{{ "union all" if not loop.first }}
{{ stage(system, 'singer_receipts', singer_analytics.receipt_columns()) }}
{%- endfor %}
