-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'scorecard_rule_exemptions', {
    'scorecard_tag': 'text',
    'scorecard_name': 'text',
    'service_id': 'text',
    'service_tag': 'text',
    'service_name': 'text',
    'rule_identifier': 'text',
    'rule_expression': 'text',
    'requesting_reason': 'text',
    'status': 'text',
    'requested_date': 'instant',
    'end_date': 'instant',
    'exemption_status': 'json',
    'requested_by': 'json',
    'other_fields': 'json',
}) }}
