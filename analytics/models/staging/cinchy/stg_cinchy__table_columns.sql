-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cinchy', 'table_columns', {
    'cinchy_id': 'integer',
    'table': 'integer',
    'name': 'text',
    'type': 'text',
    'ordinal': 'number',
    'is_system_column': 'boolean',
    'description': 'text',
    'calculated_column_output_format': 'text',
    'cache': 'boolean',
    'data_security_classification': 'text',
    'link_column': 'text',
    'link_table': 'text',
    'table_full_name': 'text',
    'guid': 'text',
    'is_mandatory': 'boolean',
    'modified': 'instant',
}) }}
