-- Which tables link to which?
select table_full_name as from_table, name as by_column, link_table as to_table
from table_columns
where type = 'Link' and not is_system_column and link_table not like 'Cinchy.%'
  and table_full_name not like 'Cinchy.%'
order by 1, 2 limit 8
