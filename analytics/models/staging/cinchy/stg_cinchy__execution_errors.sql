-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cinchy', 'execution_errors', {
    'cinchy_id': 'integer',
    'error_class': 'text',
    'error_type': 'text',
    'column': 'text',
    'row': 'number',
    'row_count': 'number',
    'execution_id': 'integer',
    'created': 'instant',
    'modified': 'instant',
    'deleted': 'instant',
    '_sdc_deleted_at': 'instant',
}) }}
