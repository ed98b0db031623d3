-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'entity_descriptors', {
    'tag': 'text',
    'type': 'text',
    'title': 'text',
    'descriptor': 'json',
    'descriptor_text': 'text',
}) }}
