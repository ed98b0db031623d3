-- Which teams' scores fell since the snapshot before?
with days as (
  select distinct snapshot_date, dense_rank() over (order by snapshot_date desc) as age
  from scorecard_scores_daily
),
teams as (
  select d.age, o.tag as team, avg(s.percentage) as score
  from scorecard_scores_daily s
  join days d on d.snapshot_date = s.snapshot_date and d.age <= 2
  join entity_owners o on o.entity_id = s.service_id and o.owner_type = 'team'
  group by 1, 2
)
select now.team, round(100 * before.score, 1) as before, round(100 * now.score, 1) as now
from teams now
join teams before on before.team = now.team and before.age = 2
where now.age = 1 and now.score < before.score
order by now.score - before.score limit 5
