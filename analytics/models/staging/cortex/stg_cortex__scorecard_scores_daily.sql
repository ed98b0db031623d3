-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'scorecard_scores_daily', {
    'snapshot_date': 'date',
    'scorecard_tag': 'text',
    'scorecard_name': 'text',
    'service_id': 'text',
    'service_tag': 'text',
    'service_name': 'text',
    'level_name': 'text',
    'level_number': 'integer',
    'points': 'number',
    'possible_points': 'number',
    'percentage': 'number',
    'last_evaluated': 'instant',
    'owner_groups': 'json',
}) }}
