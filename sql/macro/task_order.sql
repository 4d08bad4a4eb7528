-- what tasks are sorted by: keys that begin with letters and a number by these (PAC-9 before PAC-10, pac-9 beside it),
-- then all others by text; null for null, so that groups that are no tasks stay as they are
create or replace macro task_order(task_key) as
case
    when task_key is not null then {
        'is_unnumbered': try_cast(regexp_extract(task_key, '^[A-Za-z]+[-_]([0-9]+)', 1) as hugeint) is null,
        'prefix': upper(regexp_extract(task_key, '^([A-Za-z]+)[-_][0-9]+', 1)),
        'number': try_cast(regexp_extract(task_key, '^[A-Za-z]+[-_]([0-9]+)', 1) as hugeint),
        'key': task_key
    }
end;
