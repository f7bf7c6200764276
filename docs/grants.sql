-- The rights that OHE Telemetry needs on the tables of OpenHands Enterprise (OHE), and no others: to read the columns that the
-- metrics and the look-up of the administrator's e-mail address are made of. It gives nothing to create or to change.
--
-- First make a role: CREATE ROLE ohe_telemetry LOGIN PASSWORD '...';
-- Then run this as the owner of OHE's database, connected to it: psql --file grants.sql
-- It may be run again, as after an upgrade of OHE. What this release of OHE does not have is left out.
--
-- The service's own tables come from `ohe-telemetry migrate --grant-to ohe_telemetry`, run by the same owner, or, where the
-- role is to make them itself, from the rights in grants-create.sql. See installation.md.

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ohe_telemetry', current_database());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO ohe_telemetry', current_schema());
END
$$;

DO $$
DECLARE
    reads record;
    name text;
BEGIN
    FOR reads IN
        SELECT * FROM (VALUES
            ('alembic_version', 'version_num'),
            ('api_keys', 'last_used_at, name, user_id'),
            ('app_conversation_start_task', 'created_at, status, updated_at'),
            ('auth_tokens', 'identity_provider, keycloak_user_id'),
            ('bitbucket_dc_webhook', 'project_key, repo_slug'),
            ('bitbucket_webhook', 'repo_slug, workspace'),
            ('conversation_callbacks', 'created_at, status'),
            ('conversation_cost_events', 'cost_delta, llm_model, occurred_at, usage_id'),
            ('conversation_feedback', 'created_at, rating'),
            ('conversation_metadata', 'accumulated_cost, agent_kind, cache_read_tokens, completion_tokens,
                conversation_id, conversation_version, created_at, deleted_at, execution_status, git_provider,
                last_updated_at, llm_model, parent_conversation_id, pr_number, prompt_tokens, selected_repository,
                trigger, user_id'),
            ('conversation_metadata_saas', 'conversation_id, user_id'),
            ('conversation_work', 'conversation_id, seconds'),
            ('custom_secrets', 'is_org_shared, keycloak_user_id'),
            ('device_codes', 'authorized_at'),
            ('event_callback_result', 'created_at, status'),
            ('github_app_installations', 'id'),
            ('gitlab_webhook', 'webhook_exists'),
            ('jira_dc_users', 'keycloak_user_id, status'),
            ('jira_dc_workspaces', 'status'),
            ('jira_users', 'keycloak_user_id, status'),
            ('jira_workspaces', 'status'),
            ('linear_users', 'keycloak_user_id, status'),
            ('linear_workspaces', 'status'),
            ('maintenance_tasks', 'started_at, status'),
            ('openhands_prs', 'closed_at, openhands_helped_author, status'),
            ('org', 'id, is_default'),
            ('org_budget_settings', 'enabled, org_id'),
            ('org_invitation', 'expires_at, status'),
            ('org_member', 'org_id, role_id, status, user_id'),
            ('repos', 'id, is_public'),
            ('role', 'id, name'),
            ('slack_teams', 'id'),
            ('slack_users', 'keycloak_user_id'),
            ('user', 'accepted_tos, email, first_login_at, id, is_disabled, last_login_at, role_id,
                user_consents_to_analytics'),
            ('user_settings', 'accepted_tos, email, id, keycloak_user_id, user_consents_to_analytics')
        ) AS tables (relation, columns)
    LOOP
        FOREACH name IN ARRAY regexp_split_to_array(reads.columns, ',\s*')
        LOOP
            IF EXISTS (
                SELECT FROM pg_attribute
                WHERE attrelid = to_regclass(quote_ident(reads.relation)) AND attname = name AND NOT attisdropped
            ) THEN
                EXECUTE format('GRANT SELECT (%I) ON %I TO ohe_telemetry', name, reads.relation);
            END IF;
        END LOOP;
    END LOOP;
END
$$;
