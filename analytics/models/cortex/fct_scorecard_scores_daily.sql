-- One row per day, scorecard and entity, with the score of the snapshot before.
with scores as (
    select
        *,
        lag(percentage) over (
            partition by scorecard_tag, service_id order by snapshot_date
        ) as score_before,
        lag(snapshot_date) over (
            partition by scorecard_tag, service_id order by snapshot_date
        ) as snapshot_before,
        max(snapshot_date) over () as newest_date
    from {{ ref('stg_cortex__scorecard_scores_daily') }}
)

select
    snapshot_date,
    scorecard_tag,
    coalesce(nullif(scorecard_name, ''), scorecard_tag) as scorecard_name,
    service_id as entity_id,
    service_tag as entity_tag,
    coalesce(nullif(service_name, ''), service_tag) as entity_name,
    level_name,
    level_number,
    points,
    possible_points,
    percentage as score,
    score_before,
    snapshot_before,
    percentage - score_before as score_change,
    coalesce(percentage < score_before, false) as has_fallen,
    snapshot_date = newest_date as is_latest,
    last_evaluated as evaluated_at,
    owner_groups as owner_team_tags,
    {{ proved_until('tap-cortex', ['scorecard_scores_daily']) }} as proved_until
from scores
