-- Which maintenance is under way or comes next, and what does it touch?
select s.name as maintenance, s.status_name as status, s.scheduled_at as begins,
       string_agg(c.name, ', ' order by c.name) as components
from schedules s
left join schedule_components sc on sc.schedule_id = s.id
left join components c on c.id = sc.component_id
where s.status < 2
group by 1, 2, 3 order by 3 limit 5
