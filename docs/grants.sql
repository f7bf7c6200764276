-- The rights that OHE Telemetry needs in the database of OpenHands Enterprise (OHE), and no others: to read the columns that the
-- metrics and the look-up of the administrator's e-mail address are made of, and to keep tables of its own.
--
-- First make a role: CREATE ROLE ohe_telemetry LOGIN PASSWORD '...';
-- Then run this as the owner of OHE's database, connected to it: psql --file grants.sql
-- It may be run again, as after an upgrade of OHE. What this release of OHE does not have is left out.

DO $$
DECLARE
    reads record;
    name text;
BEGIN
    FOR reads IN
        SELECT * FROM (VALUES
            ('api_keys', 'last_used_at, name, user_id'),
            ('app_conversation_start_task', 'created_at, status, updated_at'),
            ('auth_tokens', 'identity_provider, keycloak_user_id'),
            ('conversation_callbacks', 'created_at, status'),
            ('conversation_feedback', 'created_at, rating'),
            ('conversation_metadata', 'accumulated_cost, completion_tokens, conversation_id, conversation_version, created_at,
                git_provider, last_updated_at, llm_model, parent_conversation_id, pr_number, prompt_tokens, selected_repository,
                trigger, user_id'),
            ('conversation_work', 'conversation_id, seconds'),
            ('custom_secrets', 'keycloak_user_id'),
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
            ('repos', 'id, is_public'),
            ('slack_teams', 'id'),
            ('slack_users', 'keycloak_user_id'),
            ('user_settings', 'accepted_tos, email, id, keycloak_user_id, user_consents_to_analytics')
        ) AS tables (relation, columns)
    LOOP
        FOREACH name IN ARRAY regexp_split_to_array(reads.columns, ',\s*')
        LOOP
            IF EXISTS (
                SELECT FROM pg_attribute
                WHERE attrelid = to_regclass(reads.relation) AND attname = name AND NOT attisdropped
            ) THEN
                EXECUTE format('GRANT SELECT (%I) ON %I TO ohe_telemetry', name, reads.relation);
            END IF;
        END LOOP;
    END LOOP;
END
$$;

-- Tables of its own: in the schema of OHE's, and the job queue's in a schema that it creates, with two trusted extensions.
DO $$
DECLARE
    older text;
BEGIN
    EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO ohe_telemetry', current_database());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO ohe_telemetry', current_schema());
    -- OHE's own migrations may have made these two for the service, which converts them at its first start.
    FOREACH older IN ARRAY ARRAY['telemetry_metrics', 'telemetry_replicated_identity']
    LOOP
        IF to_regclass(older) IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I OWNER TO ohe_telemetry', older);
        END IF;
    END LOOP;
END
$$;
