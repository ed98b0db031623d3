-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cinchy', 'execution_log', {
    'cinchy_id': 'integer',
    'execution_id': 'text',
    'command': 'text',
    'server_name': 'text',
    'state': 'text',
    'execution_output': 'text',
    'execution_time': 'number',
    'data_sync_config': 'integer',
    'created': 'instant',
    'modified': 'instant',
    'deleted': 'instant',
    '_sdc_deleted_at': 'instant',
}) }}
