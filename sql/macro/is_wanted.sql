-- whether a value is the one that a filter asks for; a filter that is null asks for any; a value that is null is none
create or replace macro is_wanted(value, wanted) as
wanted is null or coalesce(value = wanted, false);
