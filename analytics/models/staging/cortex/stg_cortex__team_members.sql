-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'team_members', {
    'team_id': 'text',
    'member_key': 'text',
    'team_tag': 'text',
    'origin': 'text',
    'email': 'text',
    'name': 'text',
    'id': 'text',
    'description': 'text',
    'notifications_enabled': 'boolean',
    'role': 'json',
    'roles': 'json',
    'other_fields': 'json',
}) }}
