-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'scorecard_rule_results', {
    'scorecard_tag': 'text',
    'scorecard_name': 'text',
    'service_id': 'text',
    'service_tag': 'text',
    'service_name': 'text',
    'rule_key': 'text',
    'expression': 'text',
    'identifier': 'text',
    'title': 'text',
    'level_name': 'text',
    'error': 'text',
    'passed': 'boolean',
    'score': 'number',
    'weight': 'number',
    'last_evaluated': 'instant',
    'other_fields': 'json',
}) }}
