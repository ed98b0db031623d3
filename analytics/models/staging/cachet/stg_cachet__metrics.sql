-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'metrics', {
    'id': 'integer',
    'name': 'text',
    'suffix': 'text',
    'description': 'text',
    'default_value': 'number',
    'calc_type': 'integer',
    'display_chart': 'boolean',
    'places': 'integer',
    'default_view': 'integer',
    'default_view_name': 'text',
    'threshold': 'integer',
    'order': 'integer',
    'visible': 'integer',
    'tags': 'json',
    'created_at': 'instant',
    'updated_at': 'instant',
}) }}
