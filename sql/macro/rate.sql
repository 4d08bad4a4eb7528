-- share of n in d; null when d is 0 or unknown
create or replace macro rate(n, d) as
case when d > 0 then n::double / d end;
