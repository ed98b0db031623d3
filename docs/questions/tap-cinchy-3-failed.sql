-- Which data syncs failed, when, and what did they say?
select execution_id, command, started_at as at, output, rows_with_errors
from analytics.fct_executions
where has_failed
order by started_at desc, execution_id
