-- Which department has most open tasks, through two links?
select d.name as department, count(*) as open_tasks
from delivery_tasks t
join delivery_projects p on p.cinchy_id = t.project
join hr_departments d on d.cinchy_id = p.department
where t.deleted is null and t.status <> 'Done'
group by 1 order by 2 desc, 1 limit 5
