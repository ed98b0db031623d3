-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'gitops_logs', {
    'commit': 'text',
    'repository_provider': 'text',
    'repository_name': 'text',
    'date_created': 'instant',
    'repository': 'json',
    'files': 'json',
    'other_fields': 'json',
}) }}
