-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'teams', {
    'id': 'text',
    'team_tag': 'text',
    'catalog_entity_tag': 'text',
    'type': 'text',
    'name': 'text',
    'description': 'text',
    'summary': 'text',
    'is_archived': 'boolean',
    'metadata': 'json',
    'cortex_team': 'json',
    'idp_group': 'json',
    'links': 'json',
    'slack_channels': 'json',
    'other_fields': 'json',
}) }}
