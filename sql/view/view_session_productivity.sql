-- grain: one row per (provider, session_id)
-- reads: event_session_productivity
-- units: lines and words, of all repositories together: to add up sessions, take the rows with is_home
-- columns:
--   repository
--   provider
--   session_id
--   is_home
--   model_name
--   project_path text!: first working directory; (unknown) = not told
--   last_active time: last message or applied change, else the start; null = no time known
--   user_word_count
--   total_loc count: lines added and removed by applied changes
--   total_added count: lines added by applied changes
--   total_removed count: lines removed by applied changes

select
    repository,
    provider,
    session_id,
    is_home,
    model_label(provider, model_name) as model_name,
    coalesce(nullif(trim(project_path), ''), '(unknown)') as project_path,
    coalesce(ended_at, started_at) as last_active,
    user_word_count,
    accepted_total_changed_lines as total_loc,
    accepted_lines_added as total_added,
    accepted_lines_removed as total_removed
from event_session_productivity
