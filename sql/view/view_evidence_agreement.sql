-- grain: one row per (source, provider)
-- reads: event_commit_evidence
-- units: pairs of a commit and the session, or agent, that a source of evidence names for it; rates from 0 to 1, null
--        when the count below is 0. Of a named session: has it lines of the commit by the line match, and has no other
--        more? Of an agent that is named without a session: has any of its sessions lines of the commit? Agents whose
--        sessions are not read here are left out, for the match could not find them. provider (unknown): no agent is
--        named, and any session will do
-- columns:
--   repository
--   source text: co_author_trailer, checkpoint_trailer, git_ai_note, session_commit or cursor_score
--   provider
--   named_session_count count: sessions that the source names
--   named_matched_count count: those of them that have lines by the match
--   named_matched_rate number: named_matched_count of named_session_count
--   named_top_count count: those of them that no session has more lines than
--   named_top_rate number: named_top_count of named_session_count
--   named_agent_count count: agents that the source names without a session
--   agent_matched_count count: those of them of whom any session has lines by the match
--   agent_matched_rate number: agent_matched_count of named_agent_count

with sources (source) as (

    select unnest(['co_author_trailer', 'checkpoint_trailer', 'git_ai_note', 'session_commit', 'cursor_score'])

),

named as (

    select
        evidence.repository,
        sources.source,
        evidence.provider,
        evidence.session_id <> '(unknown)' as is_session,
        evidence.matched_lines > 0 as is_matched,
        evidence.top_match_flag as is_top,
        evidence.agent_matched_lines > 0 as is_agent_matched
    from event_commit_evidence as evidence
    cross join sources
    where
        evidence.agent_read_flag
        and case sources.source
            when 'co_author_trailer' then evidence.co_author_trailer_flag
            when 'checkpoint_trailer' then evidence.checkpoint_trailer_flag
            when 'git_ai_note' then evidence.git_ai_note_flag
            when 'session_commit' then evidence.session_commit_flag
            when 'cursor_score' then evidence.cursor_score_flag
        end

),

counted as (

    select
        repository,
        source,
        provider,
        count(*) filter (where is_session) as named_session_count,
        count(*) filter (where is_session and is_matched) as named_matched_count,
        count(*) filter (where is_session and is_top) as named_top_count,
        count(*) filter (where not is_session) as named_agent_count,
        count(*) filter (where not is_session and is_agent_matched) as agent_matched_count
    from named
    group by repository, source, provider

)

select
    repository,
    source,
    provider,
    named_session_count,
    named_matched_count,
    rate(named_matched_count, named_session_count) as named_matched_rate,
    named_top_count,
    rate(named_top_count, named_session_count) as named_top_rate,
    named_agent_count,
    agent_matched_count,
    rate(agent_matched_count, named_agent_count) as agent_matched_rate
from counted
