-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'entity_metadata', {
    'entity_id': 'text',
    'entity_tag': 'text',
    'key': 'text',
    'value': 'json',
    'value_json': 'text',
    'other_fields': 'json',
}) }}
