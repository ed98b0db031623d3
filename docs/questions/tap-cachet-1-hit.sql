-- Which components were hit by most incidents, and how long did those take to fix?
select c.component_name as component,
       count(*) as incidents,
       count(i.seconds_to_fix) as fixed,
       round(avg(i.seconds_to_fix) / 3600, 1) as mean_hours_to_fix
from analytics.stg_cachet__incident_components hit
join analytics.fct_incidents i on i.incident_id = hit.incident_id
join analytics.dim_components c on c.component_id = hit.component_id
group by c.component_id, c.component_name
order by incidents desc, component limit 5
