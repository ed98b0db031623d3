-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'status', {
    'base_url': 'text',
    'status': 'text',
    'message': 'text',
}) }}
