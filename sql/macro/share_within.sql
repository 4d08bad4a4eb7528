-- share of n in d from 0 to 1, without what sums of fractions add beyond; null for null, and no number where d is 0
create or replace macro share_within(n, d) as
least(1.0, greatest(0.0, n / d));
