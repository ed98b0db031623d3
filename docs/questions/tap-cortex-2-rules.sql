-- Which rules fail most?
select scorecard_name as scorecard, rule_title as rule, failing, passing, exempt
from analytics.agg_rule_failures
where failing > 0
order by failing desc, scorecard, rule, rule_key limit 5
