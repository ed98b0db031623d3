-- Which incidents are still open, and since when?
select incident_name as incident, status, started_at as since,
       round(seconds_open / 86400.0, 1) as days
from analytics.fct_incidents
where is_open
order by started_at, incident_id
