-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'relationships', {
    'relationship_type_tag': 'text',
    'source_entity_id': 'text',
    'destination_entity_id': 'text',
    'source_tag': 'text',
    'source_type': 'text',
    'source_name': 'text',
    'destination_tag': 'text',
    'destination_type': 'text',
    'destination_name': 'text',
    'provider_type': 'text',
    'source_entity': 'json',
    'destination_entity': 'json',
    'other_fields': 'json',
}) }}
