-- One row per day and entity: who owned it. The server keeps no history of this; every run of dbt
-- adds the day of the newest read, and a full refresh leaves the days before alone.
{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='snapshot_date', full_refresh=false
) }}
select
    {{ day_of('clock.known_until') }} as snapshot_date,
    entities.entity_id,
    entities.entity_tag,
    entities.entity_name,
    entities.entity_type,
    entities.is_archived,
    entities.is_owned,
    entities.team_owners,
    entities.person_owners,
    entities.first_team_tag,
    {{ proved_until('tap-cortex', ['entities', 'entity_owners']) }} as proved_until
from {{ ref('dim_entities') }} as entities
cross join {{ ref('int_cortex__clock') }} as clock
