-- One row per day, team and scorecard: the mean score of the entities the team owned that day. An
-- entity with several teams counts for each of them.
select
    scores.snapshot_date,
    owners.team_tag,
    coalesce(min(teams.team_name), owners.team_tag) as team_name,
    scores.scorecard_tag,
    min(scores.scorecard_name) as scorecard_name,
    count(distinct scores.entity_id) as entities,
    avg(scores.score) as mean_score,
    scores.is_latest,
    max(scores.proved_until) as proved_until
from {{ ref('fct_scorecard_scores_daily') }} as scores
cross join {{ json_texts('scores.owner_team_tags', 'owners', 'team_tag') }}
left join {{ ref('dim_teams') }} as teams on teams.team_tag = owners.team_tag
where owners.team_tag is not null
group by scores.snapshot_date, owners.team_tag, scores.scorecard_tag, scores.is_latest
