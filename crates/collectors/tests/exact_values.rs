//! Every metric, to its definition, on rows made by hand around each of its boundaries.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

mod ohe;

use ohe::{Ohe, float, int};
use sample_data::Tables;

/// The least that two timestamps differ by: what lies just outside of a window.
const MICROSECOND: &str = "interval '1 microsecond'";

/// What means the same in every release is tested on each.
const RELEASES: [Tables; 3] = [Tables::Settings, Tables::Orgs154, Tables::Orgs];

#[tokio::test]
async fn users_are_distinct_ids_that_are_neither_null_nor_empty() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(
        "INSERT INTO user_settings (keycloak_user_id, email, accepted_tos) VALUES
             ('a', NULL, NULL), ('a', 'a@X.example', {now}), ('b', '', NULL), ('c', 'no address', {now} + interval '1 day'),
             ('d', '@x', NULL), ('e', 'e@', NULL), ('f', 'f@x.EXAMPLE', NULL), ('g', '\"g@h\"@y.example', NULL),
             (NULL, 'n@z.example', {now}), ('', 'm@z.example', {now})",
    )
    .await;
    ohe.expect([
        ("total_users", int(7)),
        ("user_settings_rows", int(10)),
        ("users_tos_accepted", int(2)),
        ("users_with_email", int(6)),
        ("email_domains", int(2)),
    ])
    .await;
}

#[tokio::test]
async fn the_age_is_in_whole_days_and_never_negative() {
    for (accepted, days) in [
        ("NULL", 0),
        ("{now} + interval '3 days'", 0),
        ("{now} - interval '1 day' + interval '1 microsecond'", 0),
        ("{now} - interval '1 day'", 1),
        ("{now} - interval '100 days 23:59:59.999999'", 100),
        ("'-infinity'", 0),
    ] {
        let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
        ohe.run(&format!(
            "INSERT INTO user_settings (keycloak_user_id, accepted_tos) VALUES ('a', {accepted}), ('b', {{now}} + interval '9 days')"
        ))
        .await;
        ohe.expect([("install_age_days", int(days))]).await;
    }
}

#[tokio::test]
async fn conversations_are_counted_by_version_and_by_creation_up_to_now() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO conversation_metadata (created_at, conversation_version) VALUES
             ({{now}} - interval '30 days' - {MICROSECOND}, 'V0'), ({{now}} - interval '30 days', 'V1'),
             ({{now}} - interval '7 days' - {MICROSECOND}, 'V1'), ({{now}} - interval '7 days', 'V0'),
             ({{now}} - interval '1 day' - {MICROSECOND}, 'V7'), ({{now}} - interval '1 day', 'V0'),
             ({{now}}, 'V1'), ({{now}} + {MICROSECOND}, 'V1'), ('infinity', 'V0')"
        ))
        .await;
        ohe.expect([
            ("total_conversations", int(9)),
            ("total_conversations_v1", int(4)),
            ("conversations_in_future", int(2)),
            ("conversations_created", int(7)),
            ("conversations_30d", int(6)),
            ("conversations_7d", int(4)),
            ("conversations_1d", int(2)),
            ("conversations_v1_30d", int(3)),
        ])
        .await;
    }
}

#[tokio::test]
async fn maintenance_tasks_are_stale_after_more_than_an_hour_at_work() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO maintenance_tasks (status, started_at) VALUES
             ('PENDING', NULL), ('PENDING', {{now}} - interval '3 hours'), ('ERROR', {{now}} - interval '3 hours'),
             ('COMPLETED', {{now}} - interval '3 hours'), ('INACTIVE', NULL), ('WORKING', NULL),
             ('WORKING', {{now}} - interval '1 hour'), ('WORKING', {{now}} - interval '1 hour' - {MICROSECOND})"
        ))
        .await;
        ohe.expect([
            ("maintenance_tasks_pending", int(2)),
            ("maintenance_tasks_error", int(1)),
            ("maintenance_tasks_stale", int(1)),
        ])
        .await;
    }
}

#[tokio::test]
async fn a_repository_is_private_unless_it_is_public() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run("INSERT INTO repos (is_public) VALUES (true), (true), (false)").await;
        ohe.expect([("repos_known", int(3)), ("repos_private", int(1))]).await;
    }
}

#[tokio::test]
async fn activity_is_by_last_update_and_in_windows_closed_on_both_sides() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO conversation_metadata (user_id, last_updated_at, created_at) VALUES
             ('now', {{now}}, {{now}}), ('now', {{now}} - interval '90 days', {{now}}),
             ('one', {{now}} - interval '1 day', {{now}}), ('seven', {{now}} - interval '1 day' - {MICROSECOND}, {{now}}),
             ('seven', {{now}} - interval '7 days', {{now}}), ('thirty', {{now}} - interval '7 days' - {MICROSECOND}, {{now}}),
             ('last', {{now}} - interval '30 days', {{now}}), ('gone', {{now}} - interval '30 days' - {MICROSECOND}, {{now}}),
             ('future', {{now}} + {MICROSECOND}, {{now}}), ('both', {{now}} + interval '1 day', {{now}}),
             ('both', {{now}} - interval '2 days', {{now}}), (NULL, {{now}}, {{now}}), ('', {{now}}, {{now}})"
    ))
    .await;
    ohe.expect([("active_users_1d", int(2)), ("active_users_7d", int(4)), ("active_users_30d", int(6))]).await;
}

#[tokio::test]
async fn returning_users_created_in_the_30_days_before_the_last_30_too() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO conversation_metadata (user_id, created_at) VALUES
             ('a', {{now}} - interval '30 days'), ('a', {{now}} - interval '30 days' - {MICROSECOND}),
             ('b', {{now}}), ('b', {{now}} - interval '60 days'),
             ('c', {{now}}), ('c', {{now}} - interval '60 days' - {MICROSECOND}),
             ('d', {{now}} - interval '30 days' - {MICROSECOND}), ('e', {{now}} + {MICROSECOND}), ('e', {{now}} - interval '40 days'),
             ('', {{now}}), ('', {{now}} - interval '40 days'), (NULL, {{now}}), (NULL, {{now}} - interval '40 days')"
    ))
    .await;
    ohe.expect([
        ("users_creating_30d", int(3)),
        ("returning_users_30d", int(2)),
        ("power_users_30d", int(0)),
        ("max_conversations_per_user_30d", int(1)),
        ("avg_conversations_per_user_30d", float(1.0)),
    ])
    .await;
}

#[tokio::test]
async fn power_users_create_ten_and_the_mean_is_over_users_that_create() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    for (user, rows) in [("'ten'", 10), ("'nine'", 9), ("'one'", 1), ("''", 50), ("NULL", 60)] {
        ohe.run(&format!(
            "INSERT INTO conversation_metadata (user_id, created_at) SELECT {user}, {{now}} FROM generate_series(1, {rows})"
        ))
        .await;
    }
    ohe.run("INSERT INTO conversation_metadata (user_id, created_at) VALUES ('old', {now} - interval '40 days')").await;
    ohe.expect([
        ("users_creating_30d", int(3)),
        ("power_users_30d", int(1)),
        ("max_conversations_per_user_30d", int(10)),
        ("avg_conversations_per_user_30d", float(6.6667)),
        ("conversations_30d", int(130)),
    ])
    .await;
}

#[tokio::test]
async fn new_users_are_by_any_of_their_rows_and_consent_counts_until_now() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO user_settings (keycloak_user_id, accepted_tos, user_consents_to_analytics) VALUES
             ('a', {{now}}, true), ('a', {{now}} - interval '99 days', false), ('b', {{now}} - interval '7 days', NULL),
             ('c', {{now}} - interval '7 days' - {MICROSECOND}, true), ('d', {{now}} - interval '30 days', false),
             ('e', {{now}} - interval '30 days' - {MICROSECOND}, NULL), ('f', {{now}} + {MICROSECOND}, true),
             ('g', NULL, true), ('', {{now}}, true), (NULL, {{now}}, true)"
    ))
    .await;
    ohe.expect([("new_users_7d", int(2)), ("new_users_30d", int(4)), ("users_analytics_opt_in", int(3))]).await;
}

#[tokio::test]
async fn api_keys_are_those_that_users_made() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO api_keys (user_id, key, name, last_used_at) VALUES
             ('a', '1', NULL, {{now}}), ('a', '2', 'ci', {{now}} - interval '30 days'), ('b', '3', 'MCP_API_KEY', {{now}}),
             ('c', '4', '', {{now}} - interval '30 days'), ('d', '5', 'x', {{now}} - interval '30 days' - {MICROSECOND}),
             ('e', '6', 'x', {{now}} + {MICROSECOND}), ('f', '7', 'mcp_api_key', NULL), ('', '8', 'x', {{now}})"
    ))
    .await;
    ohe.expect([("api_keys_total", int(7)), ("api_key_users_30d", int(2))]).await;
}

#[tokio::test]
async fn conversations_are_described_over_the_30_day_set_alone() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
        "INSERT INTO conversation_metadata
             (created_at, parent_conversation_id, selected_repository, pr_number, llm_model, accumulated_cost) VALUES
             ({{now}}, 'p', 'o/r', '[1]', 'm', 0.1), ({{now}}, 'p', 'o/r', '[1, 2]', 'm', 0.2), ({{now}}, NULL, 'o/R', '[]', 'M', 0),
             ({{now}}, NULL, NULL, 'null', NULL, NULL), ({{now}}, NULL, '', NULL, '', -1), ({{now}}, NULL, 'é', ' [ [] ] ', NULL, 0.0000004),
             ({{now}}, NULL, NULL, '7', NULL, NULL), ({{now}}, NULL, NULL, '{{\"a\": [1]}}', NULL, NULL),
             ({{now}}, NULL, NULL, '\"[1]\"', NULL, NULL),
             ({{now}} + {MICROSECOND}, 'q', 'future', '[1]', 'future', 9),
             ({{now}} - interval '30 days' - {MICROSECOND}, 'q', 'past', '[1]', 'past', 9)"
    ))
    .await;
        ohe.expect([
            ("sub_conversations_30d", int(2)),
            ("conversations_with_repo_30d", int(5)),
            ("distinct_repos_30d", int(4)),
            ("conversations_with_pr_30d", int(3)),
            ("llm_cost_usd_30d", float(-0.7)),
            ("conversations_with_cost_30d", int(3)),
            ("distinct_llm_models_30d", int(3)),
        ])
        .await;
    }
}

#[tokio::test]
async fn sums_of_tokens_are_of_64_bits() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(
        "INSERT INTO conversation_metadata (created_at, prompt_tokens, completion_tokens) VALUES
             ({now}, 2147483647, 2147483647), ({now}, 2147483647, 2147483647), ({now}, 2147483647, NULL), ({now}, NULL, 1)",
    )
    .await;
        ohe.expect([("prompt_tokens_30d", int(6_442_450_941)), ("completion_tokens_30d", int(4_294_967_295))]).await;
    }
}

#[tokio::test]
async fn a_rating_of_two_is_the_best_negative_one() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO conversation_feedback (rating, created_at) VALUES
             (1, {{now}}), (2, {{now}} - interval '30 days'), (3, {{now}}), (5, {{now}}), (5, {{now}}), (4, {{now}}),
             (1, {{now}} + {MICROSECOND}), (1, {{now}} - interval '30 days' - {MICROSECOND})"
        ))
        .await;
        ohe.expect([
            ("feedback_count_30d", int(6)),
            ("feedback_avg_rating_30d", float(3.3333)),
            ("feedback_negative_30d", int(2)),
        ])
        .await;
    }
}

#[tokio::test]
async fn each_trigger_and_provider_is_counted_and_an_unknown_one_is_in_none() {
    for tables in RELEASES {
        let triggers = [
            "gui",
            "resolver",
            "slack",
            "suggested_task",
            "openhands_api",
            "microagent_management",
            "jira",
            "jira_dc",
            "linear",
        ];
        let providers = ["github", "gitlab", "bitbucket"];
        let ohe = Ohe::for_rows_by_hand(tables).await;
        for (column, names) in [("trigger", &triggers[..]), ("git_provider", &providers)] {
            for (i, name) in (1..).zip(names) {
                let rows = format!("SELECT {{now}}, '{name}' FROM generate_series(1, {i})");
                ohe.run(&format!("INSERT INTO conversation_metadata (created_at, {column}) {rows}")).await;
            }
        }
        ohe.run(
            "INSERT INTO conversation_metadata (created_at, trigger, git_provider) VALUES
             ({now}, 'telepathy', 'forgejo'), ({now}, '', ''), ({now}, 'GUI', 'GitHub'),
             ({now} - interval '31 days', 'gui', 'github'), ({now} + interval '1 hour', NULL, NULL)",
        )
        .await;
        let collection = ohe.collect().await;
        let counted = |key: String| collection.metrics[&key].clone();
        for (i, trigger) in (1..).zip(triggers) {
            assert_eq!(counted(format!("conversations_trigger_{trigger}_30d")), int(i), "{trigger}");
        }
        for (i, provider) in (1..).zip(providers) {
            assert_eq!(counted(format!("conversations_{provider}_30d")), int(i), "{provider}");
        }
        assert_eq!(
            counted("conversations_trigger_unknown_30d".into()),
            int(1 + 2 + 3),
            "those inserted for a provider"
        );
        assert_eq!(counted("conversations_no_provider_30d".into()), int(45), "those inserted for a trigger");
    }
}

#[tokio::test]
async fn a_user_is_linked_once_to_each_provider() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(
        "DROP INDEX idx_auth_tokens_keycloak_user_identity_provider;
         INSERT INTO auth_tokens (keycloak_user_id, identity_provider) VALUES
             ('a', 'github'), ('a', 'github'), ('b', 'github'), ('a', 'gitlab'), ('a', 'bitbucket'), ('c', 'enterprise_sso'),
             ('d', 'enterprise_sso'), ('e', 'enterprise_sso'), ('f', 'forgejo'), ('', 'github'), (NULL, 'gitlab')",
    )
    .await;
    ohe.expect([
        ("users_linked_github", int(2)),
        ("users_linked_gitlab", int(1)),
        ("users_linked_bitbucket", int(1)),
        ("users_linked_enterprise_sso", int(3)),
    ])
    .await;
}

#[tokio::test]
async fn integrations_are_counted_by_rows_and_users_by_id() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(
            "INSERT INTO github_app_installations (installation_id) VALUES ('1'), ('2');
         INSERT INTO slack_teams (team_id) VALUES ('1'), ('2'), ('3');
         INSERT INTO gitlab_webhook (webhook_exists) VALUES (true), (true), (false), (NULL);
         INSERT INTO slack_users (keycloak_user_id) VALUES ('a'), ('a'), ('b'), (''), (NULL);
         INSERT INTO custom_secrets (keycloak_user_id) VALUES ('a'), ('a'), ('a'), (''), (NULL)",
        )
        .await;
        ohe.expect([
            ("github_app_installations", int(2)),
            ("slack_teams", int(3)),
            ("gitlab_webhooks_installed", int(2)),
            ("slack_users", int(2)),
            ("users_with_custom_secrets", int(1)),
        ])
        .await;
    }
}

#[tokio::test]
async fn only_active_links_to_issue_trackers_count() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run("DROP INDEX IF EXISTS uq_jira_users_one_active_per_user, uq_jira_dc_users_one_active_per_user").await;
        for (rows, tracker) in [(1, "jira"), (2, "jira_dc"), (3, "linear")] {
            ohe.run(&format!(
                "INSERT INTO {tracker}_workspaces (status) SELECT 'active' FROM generate_series(1, {rows});
             INSERT INTO {tracker}_workspaces (status) VALUES ('inactive'), ('ACTIVE'), ('paused'), (NULL);
             INSERT INTO {tracker}_users (keycloak_user_id, status)
                 SELECT 'user ' || i, 'active' FROM generate_series(1, {rows}) AS i;
             INSERT INTO {tracker}_users (keycloak_user_id, status) VALUES
                 ('user 1', 'active'), ('x', 'inactive'), ('y', NULL), ('', 'active'), (NULL, 'active')"
            ))
            .await;
        }
        ohe.expect([
            ("jira_workspaces_active", int(1)),
            ("jira_dc_workspaces_active", int(2)),
            ("linear_workspaces_active", int(3)),
            ("jira_users_active", int(1)),
            ("jira_dc_users_active", int(2)),
            ("linear_users_active", int(3)),
        ])
        .await;
    }
}

#[tokio::test]
async fn pull_requests_are_by_when_they_were_closed() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO openhands_prs (status, closed_at, openhands_helped_author) VALUES
             ('MERGED', {{now}}, true), ('MERGED', {{now}} - interval '30 days', NULL), ('MERGED', {{now}}, false),
             ('CLOSED', {{now}}, true), ('MERGED', {{now}} + {MICROSECOND}, true),
             ('CLOSED', {{now}} - interval '30 days' - {MICROSECOND}, true)"
    ))
    .await;
    ohe.expect([("prs_merged_30d", int(3)), ("prs_closed_unmerged_30d", int(1)), ("prs_helped_30d", int(2))]).await;
}

#[tokio::test]
async fn work_is_of_the_conversations_of_the_30_day_set_and_percentiles_are_continuous() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO conversation_metadata (conversation_id, created_at) VALUES
             ('a', {{now}}), ('b', {{now}}), ('c', {{now}} - interval '30 days'), ('d', {{now}}), ('none', {{now}}),
             ('old', {{now}} - interval '30 days' - {MICROSECOND}), ('future', {{now}} + {MICROSECOND});
         INSERT INTO conversation_work (conversation_id, seconds) VALUES
             ('a', 1), ('b', 2), ('c', 4), ('d', 100.1234567), ('old', 1000), ('future', 1000), ('deleted', 1000)"
    ))
    .await;
    ohe.expect([
        ("agent_work_seconds_30d", float(107.123_457)),
        ("agent_work_seconds_p50_30d", float(3.0)),
        ("agent_work_seconds_p95_30d", float(85.704_938)),
    ])
    .await;
}

#[tokio::test]
async fn cost_percentiles_leave_out_what_cost_nothing_and_spans_do_not() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
        "INSERT INTO conversation_metadata (created_at, last_updated_at, accumulated_cost) VALUES
             ({{now}}, {{now}}, 0), ({{now}}, {{now}} + interval '1 hour', NULL), ({{now}}, {{now}} - interval '5 seconds', 1),
             ({{now}} - interval '30 days', {{now}}, 2), ({{now}}, {{now}} + interval '0.000003 seconds', 4),
             ({{now}}, 'infinity', -1), ({{now}} + {MICROSECOND}, {{now}}, 1000)"
    ))
    .await;
        ohe.expect([
            ("conversation_cost_usd_p95_30d", float(3.8)),
            ("conversation_span_seconds_p50_30d", float(0.000_003)),
        ])
        .await;
    }
}

#[tokio::test]
async fn starts_are_stuck_when_undecided_for_more_than_an_hour() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
        "INSERT INTO app_conversation_start_task (status, created_at, updated_at) VALUES
             ('READY', {{now_tz}}, {{now_tz}} + interval '10 seconds'), ('READY', {{now_tz}} - interval '2 hours', NULL),
             ('READY', {{now_tz}} - interval '30 days', {{now_tz}} - interval '30 days' + interval '20 seconds'),
             ('ERROR', {{now_tz}} - interval '2 hours', {{now_tz}} + interval '1 year'),
             ('WORKING', {{now_tz}} - interval '1 hour', NULL), ('WORKING', {{now_tz}} - interval '1 hour' - {MICROSECOND}, NULL),
             (NULL, {{now_tz}} - interval '2 hours', NULL), ('READY', NULL, {{now_tz}}),
             ('READY', {{now_tz}} + {MICROSECOND}, {{now_tz}} + interval '1 year'),
             ('READY', {{now_tz}} - interval '30 days' - {MICROSECOND}, {{now_tz}})"
    ))
    .await;
        ohe.expect([
            ("v1_starts_30d", int(7)),
            ("v1_starts_ready_30d", int(3)),
            ("v1_starts_error_30d", int(1)),
            ("v1_starts_stuck_30d", int(2)),
            ("v1_start_seconds_p95_30d", float(19.5)),
        ])
        .await;
    }
}

#[tokio::test]
async fn callbacks_are_by_creation_and_failures_by_status() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO conversation_callbacks (status, created_at) VALUES
             ('ACTIVE', {{now}}), ('ERROR', {{now}} - interval '30 days'), ('COMPLETED', {{now}}), (NULL, {{now}}),
             ('ERROR', {{now}} + {MICROSECOND}), ('ERROR', {{now}} - interval '30 days' - {MICROSECOND});
         INSERT INTO event_callback_result (status, created_at) VALUES
             ('SUCCESS', {{now_tz}}), ('ERROR', {{now_tz}} - interval '30 days'), (NULL, {{now_tz}}), ('ERROR', NULL),
             ('ERROR', {{now_tz}} + {MICROSECOND}), ('ERROR', {{now_tz}} - interval '30 days' - {MICROSECOND})"
        ))
        .await;
        ohe.expect([
            ("callbacks_30d", int(4)),
            ("callbacks_error_30d", int(1)),
            ("v1_callback_results_30d", int(3)),
            ("v1_callback_results_error_30d", int(1)),
        ])
        .await;
    }
}

#[tokio::test]
async fn empty_tables_give_zero_for_every_metric() {
    let ohe = Ohe::as_it_is(Tables::Settings).await;
    let collection = ohe.collect().await;
    assert_eq!(collection.metrics.len(), 90);
    for (key, value) in &collection.metrics {
        let declaration = ohe.registry.dictionary().find(key).unwrap().declaration;
        assert!([int(0), float(0.0)].contains(value), "{}: {value:?}", declaration.key);
        assert_eq!(value.metric_type(), declaration.metric_type);
    }
}

#[tokio::test]
async fn new_values_of_every_enumeration_are_no_error() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(
            "ALTER TYPE callbackstatus RENAME VALUE 'ERROR' TO 'FAILED';
             ALTER TYPE maintenancetaskstatus RENAME VALUE 'WORKING' TO 'RUNNING';
             ALTER TYPE appconversationstarttaskstatus RENAME VALUE 'READY' TO 'DONE';
             ALTER TYPE eventcallbackresultstatus RENAME VALUE 'ERROR' TO 'FAILED';
             ALTER TYPE prstatus RENAME VALUE 'CLOSED' TO 'DECLINED'",
        )
        .await;
        ohe.run(
            "INSERT INTO conversation_callbacks (status, created_at) VALUES ('FAILED', {now});
         INSERT INTO maintenance_tasks (status, started_at) VALUES ('RUNNING', {now} - interval '2 hours');
         INSERT INTO app_conversation_start_task (status, created_at) VALUES ('DONE', {now_tz} - interval '2 hours');
         INSERT INTO event_callback_result (status, created_at) VALUES ('FAILED', {now_tz});
         INSERT INTO openhands_prs (status, closed_at) VALUES ('DECLINED', {now})",
        )
        .await;
        ohe.expect([
            ("callbacks_30d", int(1)),
            ("callbacks_error_30d", int(0)),
            ("maintenance_tasks_stale", int(0)),
            ("v1_starts_30d", int(1)),
            ("v1_starts_ready_30d", int(0)),
            ("v1_starts_stuck_30d", int(1)),
            ("v1_callback_results_error_30d", int(0)),
            ("prs_closed_unmerged_30d", int(0)),
        ])
        .await;
    }
}
