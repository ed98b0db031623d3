{#- The loaded tables are what the taps proved: for every stream whose newest read was complete, the
keys of its table are counted and digested as the tap did it (docs/receipts.md). A table that differs,
a stream that was never loaded and a run that never ended fail; reads of what is new only cannot be
compared and are left out. Of a table that was read from one address and then from another, the newest
read counts. For DuckDB and PostgreSQL; tables without a key are left to singer-prove. -#}
{% test matches_receipts(model) %}
{%- set checks = [] -%}
{%- if execute and target.type in ['duckdb', 'postgres'] -%}
  {%- set newest -%}
    select tap_name, stream_name, table_name, verdict, scope, key_columns, key_count, key_digest,
        rows_written - coalesce(tombstones, 0) as living, table_version
    from (
        select *, row_number() over (
            partition by tap_name, stream_name, coalesce(table_name, stream_name)
            order by started_at desc, run_id desc
        ) as age
        from {{ model }}
    ) as loads
    where age = 1 and (
        verdict = 'unfinished'
        or (verdict in ('complete', 'unproved_accepted') and scope in ('whole', 'version') and key_digest is not null)
    )
  {%- endset -%}
  {%- for row in run_query(newest).rows -%}
    {%- set system = row['tap_name'] | replace('tap-', '') -%}
    {%- if var(system ~ '_enabled', false) -%}
      {%- do checks.append(singer_analytics.receipt_check(system, row)) -%}
    {%- endif -%}
  {%- endfor -%}
{%- endif -%}
{%- set checks = checks | select | list -%}
{%- if checks -%}
{{ checks | join('\nunion all\n') }}
{%- else -%}
select 'none' as stream_name, 'nothing to compare' as finding where 1 = 0
{%- endif -%}
{% endtest %}
