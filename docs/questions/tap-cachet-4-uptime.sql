-- How available was each component this month, and the month before?
select c.component_name as component, u.date_month as month, u.incidents,
       round(cast(100 * u.uptime as numeric), 3) as uptime_percent,
       round(cast(100 * u.uptime_month_before as numeric), 3) as percent_before
from analytics.fct_component_uptime_monthly u
join analytics.dim_components c on c.component_id = u.component_id
where u.date_month = (select max(date_month) from analytics.fct_component_uptime_monthly)
order by u.uptime, component, c.component_id
