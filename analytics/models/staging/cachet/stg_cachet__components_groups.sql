-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'components_groups', {
    'id': 'integer',
    'name': 'text',
    'order': 'integer',
    'order_column': 'text',
    'order_direction': 'text',
    'collapsed': 'integer',
    'visible': 'integer',
    'lowest_human_status': 'text',
    'component_ids': 'json',
    'meta': 'json',
    'created_at': 'instant',
    'updated_at': 'instant',
}) }}
