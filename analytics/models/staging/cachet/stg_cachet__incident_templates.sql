-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'incident_templates', {
    'id': 'integer',
    'name': 'text',
    'slug': 'text',
    'template': 'text',
    'engine': 'text',
    'created_at': 'instant',
    'updated_at': 'instant',
}) }}
