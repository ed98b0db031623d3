-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cinchy', 'domains', {
    'cinchy_id': 'integer',
    'name': 'text',
    'description': 'text',
    'modified': 'instant',
}) }}
