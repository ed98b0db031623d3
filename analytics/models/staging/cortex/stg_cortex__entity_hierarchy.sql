-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'entity_hierarchy', {
    'parent_id': 'text',
    'child_id': 'text',
    'parent_tag': 'text',
    'child_tag': 'text',
    'parent_type': 'text',
    'child_type': 'text',
    'parent_name': 'text',
    'child_name': 'text',
}) }}
