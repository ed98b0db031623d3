{#- Receipts: what the taps said about every stream of every run. -#}

{#- Until when all of these streams are proved: each was read completely by a run that began then or
later. Null if one of them never was, or if no receipts were loaded. -#}
{% macro proved_until(tap, streams) -%}
(
    select case when count(*) = {{ streams | length }} then min(proofs.proved_until) end
    from {{ ref('int_stream_proofs') }} as proofs
    where
        proofs.tap_name = '{{ tap }}'
        and proofs.proved_until is not null
        and proofs.stream_name in ({% for stream in streams %}'{{ stream }}'{{ ", " if not loop.last }}{% endfor %})
)
{%- endmacro %}


{#- Columns of a receipt, with their kinds. -#}
{% macro receipt_columns() -%}
  {{ return({
    'run_id': 'text', 'tap_name': 'text', 'tap_version': 'text', 'source_system': 'text',
    'stream_name': 'text', 'table_name': 'text', 'verdict': 'text', 'proof': 'text',
    'scope': 'text', 'rows_expected': 'integer', 'rows_received': 'integer',
    'rows_written': 'integer', 'rows_duplicate': 'integer', 'rows_skipped': 'integer',
    'tombstones': 'integer', 'key_columns': 'text', 'key_count': 'integer', 'key_digest': 'text',
    'table_version': 'integer',
    'bookmark_before': 'text', 'bookmark_after': 'text', 'started_at': 'instant',
    'finished_at': 'instant', 'requests': 'integer', 'reason': 'text',
  }) }}
{%- endmacro %}
