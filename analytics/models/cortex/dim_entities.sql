-- One row per entity of the catalog.
with owners as (
    select
        entity_id,
        count(distinct case when owner_type = 'team' then owner_key end) as team_owners,
        count(distinct case when owner_type = 'individual' then owner_key end) as person_owners,
        min(case when owner_type = 'team' then coalesce(nullif(name, ''), tag) end) as first_team_name,
        min(case when owner_type = 'team' then tag end) as first_team_tag
    from {{ ref('stg_cortex__entity_owners') }}
    group by entity_id
),

parents as (
    select child_id, count(*) as parents
    from {{ ref('stg_cortex__entity_hierarchy') }}
    group by child_id
),

scores as (
    select service_id, count(*) as scorecards, avg(percentage) as mean_score
    from {{ ref('stg_cortex__scorecard_scores') }}
    group by service_id
)

select
    entities.id as entity_id,
    entities.tag as entity_tag,
    coalesce(nullif(entities.name, ''), entities.tag) as entity_name,
    entities.type as entity_type,
    entities.description,
    coalesce(entities.is_archived, false) as is_archived,
    coalesce(owners.team_owners, 0) + coalesce(owners.person_owners, 0) > 0 as is_owned,
    coalesce(owners.team_owners, 0) as team_owners,
    coalesce(owners.person_owners, 0) as person_owners,
    owners.first_team_tag,
    owners.first_team_name,
    coalesce(parents.parents, 0) as parents,
    coalesce(scores.scorecards, 0) as scorecards,
    scores.mean_score,
    entities.last_updated as updated_at,
    {{ proved_until('tap-cortex', ['entities', 'entity_owners', 'entity_hierarchy', 'scorecard_scores']) }}
        as proved_until
from {{ ref('stg_cortex__entities') }} as entities
left join owners on owners.entity_id = entities.id
left join parents on parents.child_id = entities.id
left join scores on scores.service_id = entities.id
