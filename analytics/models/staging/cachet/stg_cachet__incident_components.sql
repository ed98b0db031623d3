-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cachet', 'incident_components', {
    'incident_id': 'integer',
    'component_id': 'integer',
    'component_status': 'integer',
    'component_status_name': 'text',
}) }}
