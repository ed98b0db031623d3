-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'scorecards', {
    'tag': 'text',
    'name': 'text',
    'description': 'text',
    'is_draft': 'boolean',
    'last_updated': 'instant',
    'date_created': 'instant',
    'filter': 'json',
    'evaluation': 'json',
    'exemptions': 'json',
    'notifications': 'json',
    'levels': 'json',
    'rules': 'json',
    'other_fields': 'json',
}) }}
