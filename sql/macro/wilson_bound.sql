-- bound of Wilson's interval of a share p of d, z standard errors away (below for a negative z); null for null, and no
-- number where d is 0. d may be a sum of weights: the bound is then that of as many whole observations, and holds as
-- far as these are independent
create or replace macro wilson_bound(p, d, z) as
(p + z * z / (2 * d) + z * sqrt(p * (1 - p) / d + z * z / (4 * d * d))) / (1 + z * z / d);
