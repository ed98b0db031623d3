-- One row: until when the status page is known, and until when that is proved.
select
    {{ known_until(['stg_cachet__components', 'stg_cachet__incidents']) }} as known_until,
    {{ proved_until('tap-cachet', cachet_uptime_streams()) }} as proved_until
