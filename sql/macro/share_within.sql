-- share of n in d from 0 to 1, without what sums of fractions add beyond; null when d is 0 or unknown
create or replace macro share_within(n, d) as
case when d > 0 then least(1.0, greatest(0.0, rate(n, d))) end;
