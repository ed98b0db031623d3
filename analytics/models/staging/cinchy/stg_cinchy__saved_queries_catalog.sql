-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cinchy', 'saved_queries_catalog', {
    'cinchy_id': 'integer',
    'domain': 'text',
    'name': 'text',
    'description': 'text',
    'type': 'text',
    'api_result_format': 'text',
    'timeout': 'number',
    'api_version': 'text',
    'use_legacy_url_structure': 'boolean',
    'created': 'instant',
    'modified': 'instant',
    'deleted': 'instant',
    '_sdc_deleted_at': 'instant',
}) }}
