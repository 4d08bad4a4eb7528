-- agent/model: the model with its agent before it, agent/(unknown) without a model
create or replace macro model_label(provider, model) as
    case
        when coalesce(trim(model), '') = '' then provider || '/(unknown)'
        when starts_with(lower(trim(model)), lower(provider) || '/') then trim(model)
        else provider || '/' || trim(model)
    end;
