-- whether an instant lies on the UTC days from the first to the last, both included; null days set no limit; an instant
-- that is not known lies within no limit, and null is false
create or replace macro is_between_days(instant, first_day, last_day) as
(first_day is null or coalesce(instant::date >= first_day::date, false))
and (last_day is null or coalesce(instant::date <= last_day::date, false));
