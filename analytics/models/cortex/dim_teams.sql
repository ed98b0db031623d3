-- One row per team.
with members as (
    select team_id, count(*) as members
    from {{ ref('stg_cortex__team_members') }}
    group by team_id
),

owned as (
    select
        owners.tag as team_tag,
        count(distinct owners.entity_id) as entities
    from {{ ref('stg_cortex__entity_owners') }} as owners
    inner join {{ ref('stg_cortex__entities') }} as entities on entities.id = owners.entity_id
    where owners.owner_type = 'team' and not coalesce(entities.is_archived, false)
    group by owners.tag
),

parents as (
    select child_team_tag, count(*) as parents, min(parent_team_tag) as parent_team_tag
    from {{ ref('stg_cortex__team_hierarchies') }}
    group by child_team_tag
)

select
    teams.id as team_id,
    teams.team_tag,
    coalesce(nullif(teams.name, ''), teams.team_tag) as team_name,
    teams.type as team_type,
    teams.description,
    coalesce(teams.is_archived, false) as is_archived,
    parents.parent_team_tag,
    coalesce(parents.parents, 0) as parents,
    coalesce(members.members, 0) as members,
    coalesce(owned.entities, 0) as entities,
    {{ proved_until('tap-cortex', ['teams', 'team_members', 'team_hierarchies', 'entities', 'entity_owners']) }}
        as proved_until
from {{ ref('stg_cortex__teams') }} as teams
left join members on members.team_id = teams.id
left join owned on owned.team_tag = teams.team_tag
left join parents on parents.child_team_tag = teams.team_tag
