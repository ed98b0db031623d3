{#- These columns together identify a row: never null, never twice. -#}
{% test is_key(model, columns) %}
select {% for column in columns %}{{ adapter.quote(column) }}, {% endfor %}count(*) as times
from {{ model }}
group by {% for column in columns %}{{ adapter.quote(column) }}{{ ", " if not loop.last }}{% endfor %}
having count(*) > 1
    {%- for column in columns %}
    or {{ adapter.quote(column) }} is null
    {%- endfor %}
{% endtest %}
