-- whether a report of commits asks who wrote them, by its groups or its filters; never null
create or replace macro is_by_writer(group_by, of_provider, of_model) as
list_contains(group_by, 'provider')
or list_contains(group_by, 'model')
or of_provider is not null
or of_model is not null;
