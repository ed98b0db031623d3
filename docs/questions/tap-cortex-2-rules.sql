-- Which rules fail most?
select scorecard_name as scorecard, title as rule,
       count(*) filter (where not passed) as failing, count(*) as entities
from scorecard_rule_results
group by 1, 2, rule_key order by 3 desc, 1, 2 limit 5
