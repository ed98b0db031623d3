-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'metric_points', {
    'id': 'integer',
    'metric_id': 'integer',
    'value': 'number',
    'counter': 'integer',
    'calculated_value': 'number',
    'created_at': 'instant',
    'updated_at': 'instant',
}) }}
