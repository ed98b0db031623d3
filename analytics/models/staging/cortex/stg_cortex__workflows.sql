-- Written by `make docs` from the tap's schema; edit the tap instead.
{{ stage('cortex', 'workflows', {
    'tag': 'text',
    'name': 'text',
    'description': 'text',
    'icon_tag': 'text',
    'run_response_template': 'text',
    'failed_run_response_template': 'text',
    'is_draft': 'boolean',
    'is_runnable_via_api': 'boolean',
    'restrict_action_completion_to_runner_user': 'boolean',
    'filter': 'json',
    'actions': 'json',
    'run_restriction_policies': 'json',
    'variables': 'json',
    'other_fields': 'json',
}) }}
