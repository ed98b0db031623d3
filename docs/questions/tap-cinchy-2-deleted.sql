-- Which rows went to the recycle bin lately?
select cinchy_id, title, deleted, deleted_by
from delivery_tasks
where deleted is not null
order by deleted desc limit 5
