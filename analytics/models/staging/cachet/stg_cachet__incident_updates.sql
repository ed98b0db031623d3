-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'incident_updates', {
    'id': 'integer',
    'incident_id': 'integer',
    'status': 'integer',
    'status_name': 'text',
    'message': 'text',
    'user_id': 'integer',
    'permalink': 'text',
    'created_at': 'instant',
    'updated_at': 'instant',
}) }}
