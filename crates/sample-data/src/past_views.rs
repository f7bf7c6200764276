//! Which rows were there at an earlier time, table by table, and what they held then.

/// The rule for one table.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) table: &'static str,
    /// Whether a row was there.
    pub(crate) there: &'static str,
    /// Columns that held something else then. One that a release lacks is passed over.
    pub(crate) then: &'static [(&'static str, &'static str)],
}

const fn view(table: &'static str, there: &'static str) -> View {
    View { table, there, then: &[] }
}

const CREATED: &str = "created_at <= past.now()";
/// The same for a column with a time zone.
const CREATED_AT_INSTANT: &str = "created_at <= past.instant()";
const EVENLY: &str = "id <= (select max(id) from public.repos) * (select past.share())";

/// The tables in an order in which a view finds those that it refers to.
pub(crate) fn views() -> Vec<View> {
    let people = [
        View {
            table: "user",
            // Those who never got in have no times: they come evenly, in the order of their ids.
            there: "coalesce(least(first_login_at, accepted_tos) <= past.now(),
                ('x' || left(id::text, 8))::bit(32)::bigint / 4294967296.0 <= (select past.share()))",
            then: &[
                ("first_login_at", "case when first_login_at <= past.now() then first_login_at end"),
                // Who has logged in since had logged in before, too: for what they began then.
                (
                    "last_login_at",
                    "case when last_login_at <= past.now() then last_login_at
                          when first_login_at <= past.now() then greatest(first_login_at, (
                              select max(created_at) from public.conversation_metadata_saas as owner
                                join public.conversation_metadata using (conversation_id)
                               where owner.user_id = \"user\".id and created_at <= past.now()
                                 and trigger is distinct from 'automation')) end",
                ),
            ],
        },
        view(
            "user_settings",
            "coalesce(accepted_tos <= past.now(),
                id <= (select max(id) from public.user_settings) * (select past.share()))",
        ),
        view("org_member", "user_id in (select id from past.\"user\")"),
        view("org", "id in (select org_id from past.org_member)"),
    ];
    people.into_iter().chain(organizations()).chain(conversations()).chain(keys()).chain(integrations()).collect()
}

fn organizations() -> [View; 3] {
    [
        View {
            table: "org_invitation",
            there: CREATED,
            then: &[
                (
                    // A withdrawal has no time: it takes two days.
                    "status",
                    "case when accepted_at > past.now() or status = 'expired' and expires_at > past.now()
                               or status = 'revoked' and created_at + interval '2 days' > past.now()
                          then 'pending' else status end",
                ),
                ("accepted_at", "case when accepted_at <= past.now() then accepted_at end"),
                ("accepted_by_user_id", "case when accepted_at <= past.now() then accepted_by_user_id end"),
            ],
        },
        view("org_budget_settings", CREATED_AT_INSTANT),
        view("maintenance_tasks", CREATED),
    ]
}

fn conversations() -> [View; 6] {
    [
        View {
            table: "conversation_metadata",
            there: CREATED,
            then: &[
                ("last_updated_at", "least(last_updated_at, past.now())"),
                (
                    "execution_status",
                    "case when execution_status = 'deleting' then 'finished' else execution_status end",
                ),
                ("deleted_at", "case when deleted_at <= past.instant() then deleted_at end"),
            ],
        },
        view("conversation_cost_events", "occurred_at <= past.instant()"),
        view("conversation_callbacks", CREATED),
        view("conversation_feedback", CREATED),
        view("app_conversation_start_task", CREATED_AT_INSTANT),
        view("event_callback_result", CREATED_AT_INSTANT),
    ]
}

fn keys() -> [View; 4] {
    [
        // A key that is in use has been in use since it was made.
        View { table: "api_keys", there: CREATED, then: &[("last_used_at", "least(last_used_at, past.now())")] },
        view("device_codes", "coalesce(authorized_at, expires_at - interval '10 minutes') <= past.instant()"),
        view("auth_tokens", "keycloak_user_id in (select id from past.people)"),
        view("custom_secrets", "keycloak_user_id in (select id from past.people)"),
    ]
}

fn integrations() -> [View; 14] {
    [
        view("gitlab_webhook", "user_id in (select id from past.people)"),
        view("bitbucket_webhook", "user_id in (select id from past.people)"),
        view("bitbucket_dc_webhook", "user_id in (select id from past.people)"),
        view("repos", EVENLY),
        view("openhands_prs", "closed_at <= past.now()"),
        view("github_app_installations", CREATED),
        view("slack_teams", CREATED),
        view("slack_users", CREATED),
        view("jira_workspaces", CREATED),
        view("jira_users", CREATED),
        view("jira_dc_workspaces", CREATED),
        view("jira_dc_users", CREATED),
        view("linear_workspaces", CREATED),
        view("linear_users", CREATED),
    ]
}

/// What the views call: the time of the session's choice, as a wall clock and as an instant, and how much of the install's life
/// had passed.
pub(crate) fn functions(has_organizations: bool) -> String {
    let joined = if has_organizations {
        "select accepted_tos from public.\"user\" union all select accepted_tos from public.user_settings"
    } else {
        "select accepted_tos from public.user_settings"
    };
    format!(
        "create schema past;
         create function past.instant() returns timestamptz language sql stable as
             $$ select current_setting('past.now')::timestamptz $$;
         create function past.now() returns timestamp language sql stable as
             $$ select current_setting('past.now')::timestamptz at time zone 'UTC' $$;
         create function past.share() returns float8 language sql stable as $$
             select least(1, greatest(0, extract(epoch from past.now() - min(accepted_tos))
                 / nullif(extract(epoch from max(accepted_tos) - min(accepted_tos)), 0)))
             from ({joined}) as joined
         $$;
"
    )
}

/// The ids of everybody who was there, as the other tables write them.
pub(crate) fn people(has_organizations: bool) -> &'static str {
    if has_organizations {
        "create view past.people as
             select id::text from past.\"user\" union all select keycloak_user_id from past.user_settings;\n"
    } else {
        "create view past.people as select keycloak_user_id as id from past.user_settings;\n"
    }
}
