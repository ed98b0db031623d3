-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cinchy', 'domains', {
    'cinchy_id': 'integer',
    'name': 'text',
    'description': 'text',
    'created': 'instant',
    'modified': 'instant',
    'deleted': 'instant',
    '_sdc_deleted_at': 'instant',
}) }}
