-- Which tables gained and lost most rows in the last 30 days?
select table_full_name as table_name,
       sum(rows_created) as came, sum(rows_deleted) as went,
       max(case when is_latest then rows_alive end) as now
from analytics.fct_table_rows_daily
where date_day > (select max(date_day) from analytics.fct_table_rows_daily) - interval '30 days'
group by table_id, table_full_name
order by sum(rows_created + rows_deleted) desc, table_name
