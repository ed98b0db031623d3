-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'schedules', {
    'id': 'integer',
    'name': 'text',
    'message': 'text',
    'status': 'integer',
    'status_name': 'text',
    'scheduled_at': 'instant',
    'completed_at': 'instant',
    'published_at': 'instant',
    'component_ids': 'json',
    'meta': 'json',
    'tags': 'json',
    'created_at': 'instant',
    'updated_at': 'instant',
}) }}
