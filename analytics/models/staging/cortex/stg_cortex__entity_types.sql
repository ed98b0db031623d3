-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'entity_types', {
    'type': 'text',
    'name': 'text',
    'description': 'text',
    'icon_tag': 'text',
    'source': 'text',
    'schema': 'json',
    'other_fields': 'json',
}) }}
