//! On generation orgs, as a fresh install of today fills it: what nobody writes any more is not asked.

/// Users, as every query about them begins: accounts, and who an upgrade left behind.
macro_rules! users {
    ($query:literal) => {
        concat!(
            "WITH users AS (
                 SELECT id::text AS id, accepted_tos, email, user_consents_to_analytics FROM \"user\"
                 UNION ALL
                 SELECT keycloak_user_id, accepted_tos, email, user_consents_to_analytics FROM user_settings
                 WHERE keycloak_user_id <> '' AND lower(keycloak_user_id) NOT IN (SELECT id::text FROM \"user\")
             ) ",
            $query
        )
    };
}

pub(super) const QUERIES: [&str; 22] = [
    // system_metrics
    users!(
        "SELECT count(DISTINCT id) AS total_users,
                (SELECT count(*) FROM user_settings) AS user_settings_rows,
                count(DISTINCT id) FILTER (WHERE accepted_tos IS NOT NULL) AS users_tos_accepted,
                count(DISTINCT id) FILTER (WHERE email <> '') AS users_with_email,
                count(DISTINCT lower(split_part(email, '@', 2))) FILTER (WHERE email LIKE '%_@_%') AS email_domains,
                coalesce(extract(day FROM $1::timestamp - least(min(accepted_tos),
                    (SELECT min(accepted_tos) FROM user_settings))), 0)::bigint AS install_age_days
         FROM users"
    ),
    "SELECT count(*) AS total_conversations,
            count(*) FILTER (WHERE conversation_version = 'V1') AS total_conversations_v1,
            count(*) FILTER (WHERE created_at > $1::timestamp) AS conversations_in_future,
            count(*) FILTER (WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1) AS conversations_30d
     FROM conversation_metadata WHERE deleted_at IS NULL",
    "SELECT count(*) FILTER (WHERE status = 'PENDING') AS maintenance_tasks_pending,
            count(*) FILTER (WHERE status = 'ERROR') AS maintenance_tasks_error,
            count(*) FILTER (WHERE status = 'WORKING' AND started_at < $1::timestamp - interval '1 hour')
                AS maintenance_tasks_stale
     FROM maintenance_tasks",
    "SELECT count(*) AS repos_known, count(*) FILTER (WHERE NOT is_public) AS repos_private
     FROM repos WHERE $1::timestamp IS NOT NULL",
    // user_activity
    "SELECT active.*, per_user.* FROM
        (SELECT count(DISTINCT coalesce(saas.user_id::text, nullif(cm.user_id, '')))
                    FILTER (WHERE last_updated_at BETWEEN $1::timestamp - interval '1 day' AND $1) AS active_users_1d,
                count(DISTINCT coalesce(saas.user_id::text, nullif(cm.user_id, '')))
                    FILTER (WHERE last_updated_at BETWEEN $1::timestamp - interval '7 days' AND $1) AS active_users_7d,
                count(DISTINCT coalesce(saas.user_id::text, nullif(cm.user_id, '')))
                    FILTER (WHERE last_updated_at BETWEEN $1::timestamp - interval '30 days' AND $1) AS active_users_30d,
                count(*) FILTER (WHERE created_at <= $1::timestamp) AS conversations_created
         FROM conversation_metadata AS cm LEFT JOIN conversation_metadata_saas AS saas USING (conversation_id)
         WHERE deleted_at IS NULL) AS active,
        (SELECT count(*) FILTER (WHERE recent > 0) AS users_creating_30d,
                count(*) FILTER (WHERE recent > 0 AND earlier > 0) AS returning_users_30d,
                count(*) FILTER (WHERE recent >= 10) AS power_users_30d,
                coalesce(max(recent), 0) AS max_conversations_per_user_30d,
                coalesce(avg(recent) FILTER (WHERE recent > 0), 0)::float8 AS avg_conversations_per_user_30d
         FROM (SELECT coalesce(saas.user_id::text, nullif(cm.user_id, '')) AS owner,
                      count(*) FILTER (WHERE created_at >= $1::timestamp - interval '30 days') AS recent,
                      count(*) FILTER (WHERE created_at < $1::timestamp - interval '30 days') AS earlier
               FROM conversation_metadata AS cm LEFT JOIN conversation_metadata_saas AS saas USING (conversation_id)
               WHERE created_at BETWEEN $1::timestamp - interval '60 days' AND $1 AND deleted_at IS NULL
               GROUP BY owner) AS counts WHERE owner IS NOT NULL) AS per_user",
    users!(
        "SELECT count(DISTINCT id) FILTER (WHERE accepted_tos BETWEEN $1::timestamp - interval '7 days' AND $1) AS new_users_7d,
                count(DISTINCT id) FILTER (WHERE accepted_tos BETWEEN $1::timestamp - interval '30 days' AND $1) AS new_users_30d,
                count(DISTINCT id) FILTER (WHERE user_consents_to_analytics AND (accepted_tos IS NULL OR accepted_tos <= $1))
                    AS users_analytics_opt_in
         FROM users"
    ),
    "SELECT count(*) FILTER (WHERE last_login_at BETWEEN $1::timestamp - interval '7 days' AND $1) AS users_logged_in_7d,
            count(*) FILTER (WHERE last_login_at BETWEEN $1::timestamp - interval '30 days' AND $1) AS users_logged_in_30d,
            count(*) FILTER (WHERE first_login_at IS NULL AND accepted_tos IS NULL) AS users_never_logged_in,
            count(*) FILTER (WHERE role.name = 'admin') AS superadmins
     FROM \"user\" LEFT JOIN role ON role.id = role_id",
    "SELECT count(*) FILTER (WHERE name IS NULL OR name <> 'MCP_API_KEY' AND name NOT LIKE '\\_\\_SYSTEM\\_\\_:%'
                             AND name NOT LIKE 'Device Link Access Key (%') AS api_keys_total,
            count(DISTINCT nullif(user_id, ''))
                FILTER (WHERE last_used_at BETWEEN $1::timestamp - interval '30 days' AND $1
                        AND (name IS NULL OR name <> 'MCP_API_KEY' AND name NOT LIKE '\\_\\_SYSTEM\\_\\_:%')) AS api_key_users_30d,
            count(DISTINCT nullif(user_id, ''))
                FILTER (WHERE last_used_at BETWEEN $1::timestamp - interval '30 days' AND $1
                        AND name = '__SYSTEM__:automation') AS automation_users
     FROM api_keys",
    // conversation_metrics
    "SELECT count(*) FILTER (WHERE created_at >= $1::timestamp - interval '1 day') AS conversations_1d,
            count(*) FILTER (WHERE created_at >= $1::timestamp - interval '7 days') AS conversations_7d,
            count(*) FILTER (WHERE conversation_version = 'V1') AS conversations_v1_30d,
            count(parent_conversation_id) AS sub_conversations_30d,
            count(selected_repository) AS conversations_with_repo_30d,
            count(DISTINCT selected_repository) AS distinct_repos_30d,
            count(*) FILTER (WHERE CASE WHEN json_typeof(pr_number) = 'array' THEN json_array_length(pr_number) > 0 END)
                AS conversations_with_pr_30d,
            coalesce(sum(accumulated_cost), 0) AS llm_cost_usd_30d,
            count(*) FILTER (WHERE accumulated_cost > 0) AS conversations_with_cost_30d,
            coalesce(sum(prompt_tokens), 0)::bigint AS prompt_tokens_30d,
            coalesce(sum(completion_tokens), 0)::bigint AS completion_tokens_30d,
            count(DISTINCT llm_model) AS distinct_llm_models_30d,
            count(*) FILTER (WHERE agent_kind = 'acp') AS conversations_acp_30d,
            count(*) FILTER (WHERE execution_status IN ('error', 'stuck')) AS conversations_failed_30d
     FROM conversation_metadata
     WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1 AND deleted_at IS NULL",
    "SELECT count(*) AS conversations_deleted_30d FROM conversation_metadata
     WHERE deleted_at BETWEEN (($1::timestamp - interval '30 days') AT TIME ZONE 'UTC') AND ($1::timestamp AT TIME ZONE 'UTC')",
    // integration_usage
    "SELECT count(*) FILTER (WHERE trigger = 'gui') AS conversations_trigger_gui_30d,
            count(*) FILTER (WHERE trigger = 'resolver') AS conversations_trigger_resolver_30d,
            count(*) FILTER (WHERE trigger = 'slack') AS conversations_trigger_slack_30d,
            count(*) FILTER (WHERE trigger = 'suggested_task') AS conversations_trigger_suggested_task_30d,
            count(*) FILTER (WHERE trigger = 'openhands_api') AS conversations_trigger_openhands_api_30d,
            count(*) FILTER (WHERE trigger = 'microagent_management') AS conversations_trigger_microagent_management_30d,
            count(*) FILTER (WHERE trigger = 'jira') AS conversations_trigger_jira_30d,
            count(*) FILTER (WHERE trigger = 'jira_dc') AS conversations_trigger_jira_dc_30d,
            count(*) FILTER (WHERE trigger = 'linear') AS conversations_trigger_linear_30d,
            count(*) FILTER (WHERE trigger IS NULL) AS conversations_trigger_unknown_30d,
            count(*) FILTER (WHERE trigger = 'automation') AS conversations_trigger_automation_30d,
            count(*) FILTER (WHERE git_provider = 'bitbucket_data_center') AS conversations_bitbucket_data_center_30d,
            count(*) FILTER (WHERE git_provider = 'azure_devops') AS conversations_azure_devops_30d,
            count(*) FILTER (WHERE git_provider = 'github') AS conversations_github_30d,
            count(*) FILTER (WHERE git_provider = 'gitlab') AS conversations_gitlab_30d,
            count(*) FILTER (WHERE git_provider = 'bitbucket') AS conversations_bitbucket_30d,
            count(*) FILTER (WHERE git_provider IS NULL) AS conversations_no_provider_30d
     FROM conversation_metadata WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1 AND deleted_at IS NULL",
    "SELECT count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'github') AS users_linked_github,
            count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'gitlab') AS users_linked_gitlab,
            count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'bitbucket') AS users_linked_bitbucket,
            count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'enterprise_sso')
                AS users_linked_enterprise_sso,
            count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'bitbucket_data_center')
                AS users_linked_bitbucket_data_center,
            count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'azure_devops') AS users_linked_azure_devops
     FROM auth_tokens WHERE keycloak_user_id <> '' AND $1::timestamp IS NOT NULL",
    "SELECT (SELECT count(*) FROM github_app_installations) AS github_app_installations,
            (SELECT count(*) FROM slack_teams) AS slack_teams,
            (SELECT count(*) FROM gitlab_webhook WHERE webhook_exists) AS gitlab_webhooks_installed,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM slack_users) AS slack_users,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM custom_secrets WHERE NOT is_org_shared) AS users_with_custom_secrets
     WHERE $1::timestamp IS NOT NULL",
    "SELECT (SELECT count(*) FROM jira_workspaces WHERE status = 'active') AS jira_workspaces_active,
            (SELECT count(*) FROM jira_dc_workspaces WHERE status = 'active') AS jira_dc_workspaces_active,
            (SELECT count(*) FROM linear_workspaces WHERE status = 'active') AS linear_workspaces_active,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM jira_users WHERE status = 'active') AS jira_users_active,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM jira_dc_users WHERE status = 'active')
                AS jira_dc_users_active,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM linear_users WHERE status = 'active')
                AS linear_users_active
     WHERE $1::timestamp IS NOT NULL",
    "SELECT (SELECT count(*) FROM (SELECT DISTINCT workspace, repo_slug FROM bitbucket_webhook) AS hooked)
                + (SELECT count(*) FROM (SELECT DISTINCT project_key, repo_slug FROM bitbucket_dc_webhook) AS hooked)
                AS bitbucket_repos_with_webhook,
            (SELECT count(*) FROM device_codes
             WHERE authorized_at BETWEEN (($1::timestamp - interval '30 days') AT TIME ZONE 'UTC')
                AND ($1::timestamp AT TIME ZONE 'UTC')) AS device_logins_30d",
    // organization_metrics
    "WITH team AS (SELECT id FROM org WHERE id NOT IN (SELECT id FROM \"user\"))
     SELECT (SELECT count(*) FROM team) AS team_orgs,
            (SELECT count(DISTINCT user_id) FROM org_member
             WHERE org_id IN (SELECT id FROM team) AND status IS DISTINCT FROM 'inactive') AS team_org_members,
            (SELECT count(DISTINCT user_id) FROM org_member JOIN role ON role.id = role_id
             WHERE org_id IN (SELECT id FROM team) AND status IS DISTINCT FROM 'inactive' AND name IN ('owner', 'admin'))
                AS team_org_admins,
            (SELECT count(*) FROM org_invitation WHERE status = 'pending' AND expires_at >= $1::timestamp) AS invitations_open,
            (SELECT count(*) FROM org_budget_settings WHERE enabled AND org_id IN (SELECT id FROM team)) AS team_orgs_with_budget",
    // spend_metrics
    "SELECT coalesce(sum(cost_delta) FILTER (WHERE occurred_at >= (($1::timestamp - interval '7 days') AT TIME ZONE 'UTC')), 0)
                AS llm_spend_usd_7d,
            coalesce(sum(cost_delta), 0) AS llm_spend_usd_30d,
            coalesce(sum(cost_delta) FILTER (WHERE usage_id IS DISTINCT FROM 'agent'), 0) AS llm_spend_usd_non_agent_30d
     FROM conversation_cost_events
     WHERE occurred_at BETWEEN (($1::timestamp - interval '30 days') AT TIME ZONE 'UTC') AND ($1::timestamp AT TIME ZONE 'UTC')",
    "SELECT coalesce(max(spend) / nullif(sum(spend), 0), 0) AS llm_spend_top_model_share_30d
     FROM (SELECT sum(cost_delta) AS spend FROM conversation_cost_events
           WHERE occurred_at BETWEEN (($1::timestamp - interval '30 days') AT TIME ZONE 'UTC') AND ($1::timestamp AT TIME ZONE 'UTC')
           GROUP BY llm_model) AS by_model",
    "SELECT coalesce(sum(cache_read_tokens), 0)::bigint AS cache_read_tokens_30d FROM conversation_metadata
     WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1 AND deleted_at IS NULL",
    // performance_metrics
    "SELECT coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY accumulated_cost)
                         FILTER (WHERE accumulated_cost > 0), 0) AS conversation_cost_usd_p95_30d,
            coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM last_updated_at - created_at)), 0)
                AS conversation_span_seconds_p50_30d
     FROM conversation_metadata WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1 AND deleted_at IS NULL",
    "SELECT count(*) AS v1_starts_30d, count(*) FILTER (WHERE status = 'READY') AS v1_starts_ready_30d,
            count(*) FILTER (WHERE status = 'ERROR') AS v1_starts_error_30d,
            count(*) FILTER (WHERE (status IS NULL OR status NOT IN ('READY', 'ERROR'))
                             AND created_at < ($1::timestamp - interval '1 hour') AT TIME ZONE 'UTC') AS v1_starts_stuck_30d,
            coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM updated_at - created_at))
                         FILTER (WHERE status = 'READY'), 0) AS v1_start_seconds_p95_30d
     FROM app_conversation_start_task
     WHERE created_at BETWEEN (($1::timestamp - interval '30 days') AT TIME ZONE 'UTC') AND ($1::timestamp AT TIME ZONE 'UTC')",
    "SELECT count(*) AS v1_callback_results_30d, count(*) FILTER (WHERE status = 'ERROR') AS v1_callback_results_error_30d
     FROM event_callback_result
     WHERE created_at BETWEEN (($1::timestamp - interval '30 days') AT TIME ZONE 'UTC') AND ($1::timestamp AT TIME ZONE 'UTC')",
];
