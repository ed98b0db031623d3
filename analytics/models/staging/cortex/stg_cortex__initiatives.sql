-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'initiatives', {
    'cid': 'text',
    'name': 'text',
    'description': 'text',
    'scorecard_tag': 'text',
    'scorecard_name': 'text',
    'is_draft': 'boolean',
    'target_date': 'date',
    'date_created': 'instant',
    'date_updated': 'instant',
    'filter': 'json',
    'notification_schedule': 'json',
    'emphasized_levels': 'json',
    'emphasized_rules': 'json',
    'other_fields': 'json',
}) }}
