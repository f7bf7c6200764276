-- OHE's tables as they were at a time of the session's choice, for whoever lets the past pass again: the rows of today that
-- were there then. A table without times grows with its users, or evenly.

create schema past;

create function past.now() returns timestamp language sql stable as
    $$ select current_setting('past.now')::timestamptz at time zone 'UTC' $$;

-- How much of the install's life had passed.
create function past.share() returns float8 language sql stable as $$
    select least(1, greatest(0, extract(epoch from past.now() - min(accepted_tos))
        / nullif(extract(epoch from max(accepted_tos) - min(accepted_tos)), 0)))
    from public.user_settings
$$;

create view past.user_settings as
    select * from public.user_settings
    where coalesce(accepted_tos <= past.now(), id <= (select max(id) from public.user_settings) * past.share());
create view past.auth_tokens as
    select * from public.auth_tokens where keycloak_user_id in (select keycloak_user_id from past.user_settings);
create view past.custom_secrets as
    select * from public.custom_secrets where keycloak_user_id in (select keycloak_user_id from past.user_settings);
create view past.gitlab_webhook as
    select * from public.gitlab_webhook where user_id in (select keycloak_user_id from past.user_settings);
create view past.repos as
    select * from public.repos where id <= (select max(id) from public.repos) * past.share();

create view past.conversation_metadata as
    select * from public.conversation_metadata where created_at <= past.now();
create view past.conversation_callbacks as
    select * from public.conversation_callbacks where created_at <= past.now();
create view past.conversation_feedback as
    select * from public.conversation_feedback where created_at <= past.now();
create view past.app_conversation_start_task as
    select * from public.app_conversation_start_task where created_at <= past.now() at time zone 'UTC';
create view past.event_callback_result as
    select * from public.event_callback_result where created_at <= past.now() at time zone 'UTC';

create view past.api_keys as select * from public.api_keys where created_at <= past.now();
create view past.maintenance_tasks as select * from public.maintenance_tasks where created_at <= past.now();
create view past.openhands_prs as select * from public.openhands_prs where closed_at <= past.now();
create view past.github_app_installations as
    select * from public.github_app_installations where created_at <= past.now();
create view past.slack_teams as select * from public.slack_teams where created_at <= past.now();
create view past.slack_users as select * from public.slack_users where created_at <= past.now();
create view past.jira_workspaces as select * from public.jira_workspaces where created_at <= past.now();
create view past.jira_users as select * from public.jira_users where created_at <= past.now();
create view past.jira_dc_workspaces as select * from public.jira_dc_workspaces where created_at <= past.now();
create view past.jira_dc_users as select * from public.jira_dc_users where created_at <= past.now();
create view past.linear_workspaces as select * from public.linear_workspaces where created_at <= past.now();
create view past.linear_users as select * from public.linear_users where created_at <= past.now();
