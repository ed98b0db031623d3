-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'schedule_updates', {
    'id': 'integer',
    'schedule_id': 'integer',
    'message': 'text',
    'created_at': 'instant',
    'updated_at': 'instant',
}) }}
