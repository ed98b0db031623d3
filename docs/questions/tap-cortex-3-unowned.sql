-- Which entities have no owner?
select e.type, e.tag as entity, e.name
from entities e
left join entity_owners o on o.entity_id = e.id
where o.entity_id is null and not e.is_archived
order by 1, 2 limit 5
