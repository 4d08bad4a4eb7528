-- Monday of the UTC day on which an instant lies; null for null
create or replace macro week_start(instant) as
date_trunc('week', instant)::date;
