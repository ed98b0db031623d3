-- Which maintenance is under way or comes next, and what does it touch?
select maintenance_name as maintenance, state, begins_at as begins, ends_at as ends,
       component_names as components
from analytics.fct_maintenances
where state in ('under way', 'to come')
order by begins_at, schedule_id
