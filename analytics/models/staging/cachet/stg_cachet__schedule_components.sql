-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'schedule_components', {
    'schedule_id': 'integer',
    'component_id': 'integer',
    'component_status': 'integer',
    'component_status_name': 'text',
}) }}
