-- the key of a task as reports group by it: what is no ticket (main, (unknown), a branch without one) and null are
-- (no task)
create or replace macro task_label(task_key) as
if(regexp_full_match(task_key, '[A-Z]+-[0-9]+'), task_key, '(no task)');
