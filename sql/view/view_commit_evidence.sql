-- grain: one row per (commit_sha)
-- reads: event_commit_evidence
-- units: sessions and agents of a commit that other evidence or the line match names; rates from 0 to 1, null when the
--        count below is 0. A session counts as named where a source names it and it is stored here; an agent counts as
--        named where a source names it without such a session. Agreement is asked of the named sessions, or of the
--        named agents where no session is named: agree = the match has lines of all of them; partly = of some;
--        disagree = of none, though of others; only_evidence = it has lines of nobody; only_match = nobody is named,
--        which is no evidence against the match. An agent whose sessions are not read here (unread_agent_count) cannot
--        be matched, and counts as named all the same
-- columns:
--   repository
--   commit_sha
--   commit_time
--   week_start date: Monday of the commit's week, UTC; null when the commit has no time
--   agreement text: agree, partly, disagree, only_evidence or only_match
--   named_session_count count: sessions that evidence names
--   named_matched_count count: those of them that have lines by the match
--   named_matched_rate number: named_matched_count of named_session_count
--   named_top_count count: those of them that no session has more lines than
--   named_top_rate number: named_top_count of named_session_count
--   named_agent_count count: agents that evidence names without a session
--   agent_matched_count count: those of them of whom any session has lines by the match
--   agent_matched_rate number: agent_matched_count of named_agent_count
--   unread_agent_count count: those of them of whom no session is stored here
--   matched_session_count count: sessions that have lines by the match
--   matched_named_rate number: named_matched_count of matched_session_count
--   co_author_trailer_flag
--   checkpoint_trailer_flag
--   git_ai_note_flag
--   session_commit_flag
--   cursor_score_flag
--   evidence_lines count: AI lines that evidence claims, over sessions and agents; null = none says
--   matched_lines number: lines of the commit that fall to sessions by the match

with told as (

    select
        repository,
        commit_sha,
        commit_time,
        co_author_trailer_flag,
        checkpoint_trailer_flag,
        git_ai_note_flag,
        session_commit_flag,
        cursor_score_flag,
        evidence_lines,
        matched_lines,
        top_match_flag,
        (commit_sha, provider, session_id) as row_key,
        session_id <> '(unknown)' as is_session,
        co_author_trailer_flag
        or checkpoint_trailer_flag
        or git_ai_note_flag
        or session_commit_flag
        or cursor_score_flag as is_named,
        matched_lines > 0 as is_matched,
        agent_matched_lines > 0 as is_agent_matched,
        not agent_read_flag as is_unread
    from event_commit_evidence

),

counted as (

    select
        repository,
        commit_sha,
        max(commit_time) as commit_time,
        count(*) filter (where is_named and is_session) as named_session_count,
        count(*) filter (where is_named and is_session and is_matched) as named_matched_count,
        count(*) filter (where is_named and is_session and top_match_flag) as named_top_count,
        count(*) filter (where is_named and not is_session) as named_agent_count,
        count(*) filter (where is_named and not is_session and is_agent_matched) as agent_matched_count,
        count(*) filter (where is_named and not is_session and is_unread) as unread_agent_count,
        count(*) filter (where is_matched) as matched_session_count,
        bool_or(co_author_trailer_flag) as co_author_trailer_flag,
        bool_or(checkpoint_trailer_flag) as checkpoint_trailer_flag,
        bool_or(git_ai_note_flag) as git_ai_note_flag,
        bool_or(session_commit_flag) as session_commit_flag,
        bool_or(cursor_score_flag) as cursor_score_flag,
        sum(evidence_lines)::bigint as evidence_lines,
        sum_where(matched_lines, is_matched, row_key) as matched_lines
    from told
    group by repository, commit_sha

),

judged as (

    select
        *,
        if(named_session_count > 0, named_session_count, named_agent_count) as asked_count,
        if(named_session_count > 0, named_matched_count, agent_matched_count) as found_count
    from counted

)

select
    repository,
    commit_sha,
    commit_time,
    week_start(commit_time) as week_start,
    case
        when asked_count = 0 then 'only_match'
        when found_count = asked_count then 'agree'
        when found_count > 0 then 'partly'
        when matched_session_count > 0 then 'disagree'
        else 'only_evidence'
    end as agreement,
    named_session_count,
    named_matched_count,
    rate(named_matched_count, named_session_count) as named_matched_rate,
    named_top_count,
    rate(named_top_count, named_session_count) as named_top_rate,
    named_agent_count,
    agent_matched_count,
    rate(agent_matched_count, named_agent_count) as agent_matched_rate,
    unread_agent_count,
    matched_session_count,
    rate(named_matched_count, matched_session_count) as matched_named_rate,
    co_author_trailer_flag,
    checkpoint_trailer_flag,
    git_ai_note_flag,
    session_commit_flag,
    cursor_score_flag,
    evidence_lines,
    matched_lines
from judged
