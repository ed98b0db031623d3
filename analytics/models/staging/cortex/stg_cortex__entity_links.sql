-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'entity_links', {
    'entity_id': 'text',
    'entity_tag': 'text',
    'name': 'text',
    'type': 'text',
    'url': 'text',
    'description': 'text',
    'other_fields': 'json',
}) }}
