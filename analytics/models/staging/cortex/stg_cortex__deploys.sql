-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'deploys', {
    'entity_id': 'text',
    'entity_tag': 'text',
    'uuid': 'text',
    'title': 'text',
    'type': 'text',
    'environment': 'text',
    'sha': 'text',
    'url': 'text',
    'deployer_email': 'text',
    'deployer_name': 'text',
    'timestamp': 'instant',
    'deployer': 'json',
    'custom_data': 'json',
    'other_fields': 'json',
}) }}
