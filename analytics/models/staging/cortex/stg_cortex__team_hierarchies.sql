-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'team_hierarchies', {
    'parent_team_tag': 'text',
    'child_team_tag': 'text',
    'provider': 'text',
    'other_fields': 'json',
}) }}
