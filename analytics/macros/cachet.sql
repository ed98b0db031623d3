{#- The words of Cachet's component statuses; 0 (2.x) and 5 (3.x) both mean unknown. -#}
{% macro cachet_status(code) -%}
case {{ code }}
    when 1 then 'operational'
    when 2 then 'performance_issues'
    when 3 then 'partial_outage'
    when 4 then 'major_outage'
    when 6 then 'maintenance'
    when 0 then 'unknown'
    when 5 then 'unknown'
end
{%- endmacro %}


{#- States a component can be in beside operational, the one that wins first. -#}
{% macro cachet_states() -%}
  {%- set outages = ['major_outage', 'partial_outage', 'performance_issues'] -%}
  {{ return((['maintenance'] + outages if var('cachet_maintenance_first') else outages + ['maintenance']) + ['unknown']) }}
{%- endmacro %}


{#- Streams that the availability of components is made of. -#}
{% macro cachet_uptime_streams() -%}
  {{ return(['components', 'incidents', 'incident_components', 'incident_updates', 'schedules', 'schedule_components']) }}
{%- endmacro %}


{#- Share of the time a component was up, 0 to 1; null where nothing could be judged. Maintenance
and unknown states count neither for nor against it. -#}
{% macro cachet_uptime() -%}
1 - (
    {{ var('cachet_weight_performance_issues') }} * performance_issues_seconds
    + {{ var('cachet_weight_partial_outage') }} * partial_outage_seconds
    + {{ var('cachet_weight_major_outage') }} * major_outage_seconds
) / nullif(cast(observed_seconds - maintenance_seconds - unknown_seconds as double precision), 0)
{%- endmacro %}
