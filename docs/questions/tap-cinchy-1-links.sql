-- Which tables link to which?
select from_table, column_name as by_column, to_table
from analytics.fct_table_links
where not touches_system
order by from_table, by_column
