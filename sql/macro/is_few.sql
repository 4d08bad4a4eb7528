-- whether a group has too few observations for its rates to say much, and is marked for it; null for null
create or replace macro is_few(observation_count) as
observation_count < 5;
