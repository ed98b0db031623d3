-- Which components were hit by most incidents, and how long did those take to fix?
select c.name as component,
       count(distinct i.id) as incidents,
       round(avg(date_diff('minute', i.occurred_at, u.fixed_at)) / 60, 1) as hours_to_fix
from incident_components ic
join incidents i on i.id = ic.incident_id
join components c on c.id = ic.component_id
left join (select incident_id, min(created_at) as fixed_at
           from incident_updates where status = 4 group by 1) u on u.incident_id = i.id
group by 1 order by 2 desc, 1 limit 5
