-- lower end of the 95 % interval (Wilson) of a share of n in d, from 0 to the share; null when d is 0 or unknown. n and
-- d may be sums of weights: see wilson_bound
create or replace macro wilson_low(n, d) as
case
    when d > 0
        then greatest(0.0, least(share_within(n, d), wilson_bound(share_within(n, d), d, -1.959963984540054)))
end;
