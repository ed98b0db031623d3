-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'components', {
    'id': 'integer',
    'name': 'text',
    'description': 'text',
    'link': 'text',
    'status': 'integer',
    'status_name': 'text',
    'latest_status': 'integer',
    'latest_status_name': 'text',
    'order': 'integer',
    'group_id': 'integer',
    'enabled': 'boolean',
    'meta': 'json',
    'tags': 'json',
    'created_at': 'instant',
    'updated_at': 'instant',
}) }}
