-- Which teams' scores fell since the snapshot before?
with team_days as (
  select snapshot_date, team_tag, min(team_name) as team,
         sum(mean_score * entities) / sum(entities) as score,
         lag(sum(mean_score * entities) / sum(entities))
           over (partition by team_tag order by snapshot_date) as score_before
  from analytics.fct_team_scores_daily
  group by snapshot_date, team_tag
)
select team,
       round(cast(100 * score_before as numeric), 1) as before,
       round(cast(100 * score as numeric), 1) as now
from team_days
where snapshot_date = (select max(snapshot_date) from team_days)
  and score_before - score > 0.000001  -- sums of the same numbers may differ in the last digit
order by score - score_before, team
