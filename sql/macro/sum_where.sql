-- sum over the rows for which a condition holds, in the order of a key, so that fractions add up alike each time;
-- 0 without such a row
create or replace macro sum_where(amount, condition, row_key) as
coalesce(sum(amount order by row_key) filter (where condition), 0);
