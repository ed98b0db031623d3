-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'discovery_audit', {
    'event_key': 'text',
    'type': 'text',
    'source': 'text',
    'entity_tag': 'text',
    'is_ignored': 'boolean',
    'mapping_key': 'json',
    'entity': 'json',
    'other_fields': 'json',
}) }}
