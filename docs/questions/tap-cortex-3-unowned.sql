-- Which entities have no owner?
select entity_type as type, entity_tag as entity, entity_name as name
from analytics.dim_entities
where not is_owned and not is_archived
order by entity_type, entity_tag
