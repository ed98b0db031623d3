-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'catalogs', {
    'slug': 'text',
    'name': 'text',
    'description': 'text',
    'icon_tag': 'text',
    'type': 'text',
    'relationship_type_tag': 'text',
    'is_draft': 'boolean',
    'is_cortex_managed': 'boolean',
    'filter': 'json',
    'other_fields': 'json',
}) }}
