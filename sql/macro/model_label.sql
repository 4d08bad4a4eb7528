-- agent/model: the model with its agent before it, once; agent/(unknown) when the model is missing or blank
create or replace macro model_label(agent, model) as
case
    when starts_with(lower(trim(model)), lower(agent) || '/') then trim(model)
    else agent || '/' || coalesce(nullif(trim(model), ''), '(unknown)')
end;
