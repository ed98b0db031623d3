-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cinchy', 'idp_healthcheck', {
    'endpoint': 'text',
    'name': 'text',
    'description': 'text',
    'status': 'text',
    'overall_status': 'text',
    'component': 'text',
    'version': 'text',
    'build_identifier': 'text',
    'ip_address': 'json',
    'system_time': 'instant',
}) }}
