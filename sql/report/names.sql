-- grain: one row per (kind, known_name): what filters can ask for
-- reads: view_session_metrics_base, view_commit_session_metrics_base, view_task_commit_metrics_base
-- units: known_name is a provider, a model, a task key or a branch

select
    'provider' as kind,
    provider as known_name
from view_session_metrics_base
union
select
    'provider' as kind,
    provider as known_name
from view_commit_session_metrics_base
union
select
    'model' as kind,
    model_name as known_name
from view_session_metrics_base
union
select
    'model' as kind,
    model_name as known_name
from view_commit_session_metrics_base
union
select
    'task' as kind,
    task_key as known_name
from view_task_commit_metrics_base
union
select
    'branch' as kind,
    branch_name as known_name
from view_task_commit_metrics_base
order by kind asc, known_name asc
