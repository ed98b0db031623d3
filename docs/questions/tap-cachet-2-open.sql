-- Which incidents are still open, and since when?
select i.name as incident, i.latest_status_name as status, i.occurred_at as since
from incidents i
where not i.is_resolved
order by i.occurred_at desc limit 5
