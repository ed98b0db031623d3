-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'entities', {
    'id': 'text',
    'tag': 'text',
    'name': 'text',
    'type': 'text',
    'description': 'text',
    'is_archived': 'boolean',
    'last_updated': 'instant',
    'groups': 'json',
    'git': 'json',
    'hierarchy': 'json',
    'links': 'json',
    'metadata': 'json',
    'slack_channels': 'json',
    'owners': 'json',
    'members': 'json',
    'other_fields': 'json',
}) }}
