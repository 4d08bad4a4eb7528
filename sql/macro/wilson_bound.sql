-- bound of Wilson's interval of a share of n in d, z standard errors away (below for a negative z); null when d is 0 or
-- unknown. n and d may be sums of weights: the bound is then that of as many whole observations, and holds as far as
-- these are independent
create or replace macro wilson_bound(n, d, z) as
case
    when d > 0 then
        (
            share_within(n, d)
            + z
            ** 2 / (2 * d)
            + z * sqrt(share_within(n, d) * (1 - share_within(n, d)) / d + (z / (2 * d)) ** 2)
        )
        / (1 + z ** 2 / d)
end;
