//! Integrations, and how long things take.

use crate::{
    MICROSECOND, RELEASES,
    ohe::{Ohe, float, int},
};
use sample_data::Tables;

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
