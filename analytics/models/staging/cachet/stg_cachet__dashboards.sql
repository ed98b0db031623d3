-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'dashboards', {
    'base_url': 'text',
    'api_version': 'integer',
    'cachet_version': 'text',
    'authenticated': 'boolean',
    'can_read_subscribers': 'boolean',
    'system_status': 'text',
    'system_message': 'text',
    'me': 'json',
}) }}
