-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'scorecard_levels', {
    'scorecard_tag': 'text',
    'scorecard_name': 'text',
    'number': 'integer',
    'name': 'text',
    'other_fields': 'json',
}) }}
