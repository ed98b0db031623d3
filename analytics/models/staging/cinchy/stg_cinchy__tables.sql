-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cinchy', 'tables', {
    'cinchy_id': 'integer',
    'full_name': 'text',
    'description': 'text',
    'type': 'text',
    'has_erased_records': 'boolean',
    'guid': 'text',
    'created': 'instant',
    'modified': 'instant',
    'deleted': 'instant',
    '_sdc_deleted_at': 'instant',
}) }}
