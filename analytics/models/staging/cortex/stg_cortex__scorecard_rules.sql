-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'scorecard_rules', {
    'scorecard_tag': 'text',
    'scorecard_name': 'text',
    'rule_key': 'text',
    'identifier': 'text',
    'expression': 'text',
    'title': 'text',
    'description': 'text',
    'failure_message': 'text',
    'level_name': 'text',
    'weight': 'number',
    'effective_from': 'instant',
    'filter': 'json',
    'other_fields': 'json',
}) }}
