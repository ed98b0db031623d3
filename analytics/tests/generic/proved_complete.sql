{#- The newest receipt of every stream a model is made of says that it was read completely.

A stream whose newest receipt says anything but `complete` (or a verdict named in `accept`) is an
error. A stream that none of the tap's receipts is about warns. Where there are no receipts at all
there is nothing to hold the model against: that is said once, when dbt begins. -#}
{% test proved_complete(model, tap, streams, accept=[]) %}
{{ config(fail_calc='coalesce(cast(sum(weight) as bigint), 0)', warn_if='> 0', error_if='>= 1000') }}
with wanted as (
    {% for stream in streams %}
    select '{{ stream }}' as stream_name
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    wanted.stream_name,
    proofs.last_verdict,
    proofs.last_reason,
    case when proofs.last_verdict is null then 1 else 1000 end as weight
from wanted
left join {{ ref('int_stream_proofs') }} as proofs
    on proofs.tap_name = '{{ tap }}' and proofs.stream_name = wanted.stream_name
cross join (
    select count(*) as receipts from {{ ref('int_stream_proofs') }} where tap_name = '{{ tap }}'
) as known
where
    known.receipts > 0
    and (
        proofs.last_verdict is null
        or proofs.last_verdict not in ('complete'{% for verdict in accept %}, '{{ verdict }}'{% endfor %})
    )
{% endtest %}
