-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'entity_owners', {
    'entity_id': 'text',
    'entity_tag': 'text',
    'owner_type': 'text',
    'owner_key': 'text',
    'tag': 'text',
    'name': 'text',
    'email': 'text',
    'description': 'text',
    'inheritance': 'text',
    'provider': 'text',
    'is_archived': 'boolean',
    'other_fields': 'json',
}) }}
