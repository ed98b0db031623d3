-- One row: until when the workspace is known.
select
    {{ known_until(['stg_cortex__entities', 'stg_cortex__scorecards', 'stg_cortex__teams']) }}
        as known_until
