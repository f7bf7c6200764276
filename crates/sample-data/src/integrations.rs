//! Code hosts, chat, issue trackers and housekeeping.

use chrono::TimeDelta;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;

use crate::{
    Plan, Summary, bitbucket_rows,
    calendar::seconds,
    conversation::World,
    copy::Rows,
    made_up::SECRET,
    random::{Stream, long_tailed, pick, stream, uuid, whole},
    users::{User, Users, moment_between},
};

/// Writes the rows of everything that OHE is connected with.
pub(crate) async fn write(
    connection: &mut PgConnection,
    world: World<'_>,
    summary: &mut Summary,
) -> Result<(), sqlx::Error> {
    let World { plan, users, .. } = world;
    let mut numbers = stream(plan.seed, Stream::Integrations);
    let mut tables = code_hosts(&mut numbers, world);
    tables.push(pull_requests(&mut numbers, world));
    tables.extend(slack(&mut numbers, plan, users));
    for tracker in &TRACKERS {
        tables.extend(tracker.rows(&mut numbers, plan, users));
    }
    tables.push(maintenance(&mut numbers, plan, users));
    if plan.tables.has_organizations() {
        tables.extend(bitbucket_rows::webhooks(&mut numbers, world));
    }
    for mut table in tables {
        table.flush(connection).await?;
        summary.add(table.count());
    }
    Ok(())
}

fn code_hosts(numbers: &mut ChaCha8Rng, world: World<'_>) -> Vec<Rows> {
    let World { plan, users, repositories, .. } = world;
    let mut installations =
        Rows::new("github_app_installations", "installation_id, encrypted_token, created_at, updated_at");
    let mut webhooks =
        Rows::new("gitlab_webhook", "group_id, project_id, user_id, webhook_exists, scopes, last_synced");
    for user in users.iter() {
        let index = user.number;
        if index % 40 == 0 {
            let refreshed = moment_between(numbers, user.joined, plan.until);
            installations.push(&[&(50_000_000 + index).to_string(), &SECRET, &user.joined, &refreshed]);
        }
        if index % 60 == 3 {
            let (group, project) =
                if index % 120 == 3 { (Some(index.to_string()), None) } else { (None, Some(index.to_string())) };
            let exists = numbers.random_bool(0.8);
            webhooks.push(&[
                &group,
                &project,
                &user.id,
                &exists,
                &exists.then_some("{note,merge_request}"),
                &user.joined,
            ]);
        }
    }
    let mut repos = Rows::new("repos", "repo_name, repo_id, is_public");
    for repository in repositories.iter() {
        let id = format!("{}##{}", repository.provider, repository.id);
        repos.push(&[&repository.name, &id, &numbers.random_bool(0.2)]);
    }
    vec![installations, webhooks, repos]
}

/// Pull requests, which today's OHE collects no more unless a setting says so.
fn pull_requests(numbers: &mut ChaCha8Rng, world: World<'_>) -> Rows {
    let World { plan, calendar, repositories, .. } = world;
    let mut rows = Rows::new(
        "openhands_prs",
        "repo_id, repo_name, pr_number, provider, private, status, processed, updated_at, created_at, closed_at, num_commits, \
         num_changed_files, merged, openhands_helped_author, num_openhands_commits",
    );
    for number in 1..=plan.conversations / 25 {
        let Some(repository) = repositories.somewhere(numbers).filter(|repository| repository.provider == "github")
        else {
            continue;
        };
        let closed = calendar.instant(numbers.random());
        let created = closed - seconds(long_tailed(numbers, 20_000.0, 1.2).min(5e6));
        let merged = numbers.random_bool(0.78);
        // What OpenHands did is found out later, by a job that is not through with all of them.
        let helped = numbers.random_bool(0.85).then(|| numbers.random_bool(0.35));
        if !plan.is_before_organizations(closed) {
            continue;
        }
        rows.push(&[
            &repository.id.to_string(),
            &repository.name,
            &number,
            &"github",
            &true,
            &if merged { "MERGED" } else { "CLOSED" },
            &helped.is_some(),
            &closed,
            &created,
            &closed,
            &numbers.random_range(1..20),
            &whole(long_tailed(numbers, 4.0, 1.0)),
            &merged,
            &helped,
            &helped.map(i32::from),
        ]);
    }
    rows
}

fn slack(numbers: &mut ChaCha8Rng, plan: &Plan, users: &Users) -> Vec<Rows> {
    let mut teams = Rows::new("slack_teams", "team_id, bot_access_token, created_at");
    let mut members = Rows::new("slack_users", "keycloak_user_id, slack_user_id, slack_display_name, created_at");
    for user in users.iter() {
        let index = user.number;
        if index % 400 == 2 {
            teams.push(&[&format!("T{index:08}"), &SECRET, &user.joined]);
        }
        if numbers.random_bool(0.18) {
            let linked = moment_between(numbers, user.joined, plan.until);
            members.push(&[&user.id, &format!("U{index:08}"), &format!("User {index}"), &linked]);
        }
    }
    vec![teams, members]
}

/// The tables of an issue tracker, and how likely a user is linked with it.
struct Tracker {
    workspaces: (&'static str, &'static str),
    users: (&'static str, &'static str),
    /// Whether a workspace has an id at the tracker's vendor: what runs in the company's own data center has none.
    hosted: bool,
    likelihood: f64,
}

const TRACKERS: [Tracker; 3] = [
    Tracker {
        workspaces: (
            "jira_workspaces",
            "name, jira_cloud_id, admin_user_id, webhook_secret, svc_acc_email, svc_acc_api_key, status, created_at, updated_at",
        ),
        users: ("jira_users", "keycloak_user_id, jira_user_id, jira_workspace_id, status, created_at, updated_at"),
        hosted: true,
        likelihood: 0.11,
    },
    Tracker {
        workspaces: (
            "jira_dc_workspaces",
            "name, admin_user_id, webhook_secret, svc_acc_email, svc_acc_api_key, status, created_at, updated_at",
        ),
        users: (
            "jira_dc_users",
            "keycloak_user_id, jira_dc_user_id, jira_dc_workspace_id, status, created_at, updated_at",
        ),
        hosted: false,
        likelihood: 0.04,
    },
    Tracker {
        workspaces: (
            "linear_workspaces",
            "name, linear_org_id, admin_user_id, webhook_secret, svc_acc_email, svc_acc_api_key, status, created_at, updated_at",
        ),
        users: (
            "linear_users",
            "keycloak_user_id, linear_user_id, linear_workspace_id, status, created_at, updated_at",
        ),
        hosted: true,
        likelihood: 0.06,
    },
];

impl Tracker {
    fn rows(&self, numbers: &mut ChaCha8Rng, plan: &Plan, users: &Users) -> Vec<Rows> {
        let mut workspaces = Rows::new(self.workspaces.0, self.workspaces.1);
        let mut members = Rows::new(self.users.0, self.users.1);
        for user in users.iter() {
            let index = user.number;
            if index % 300 == 1 || index % 300 == 4 {
                self.workspace(&mut workspaces, numbers, index, user);
            }
            if numbers.random_bool(self.likelihood) {
                let status = pick(numbers, &[(90, "active"), (9, "inactive"), (1, "suspended")]);
                let linked = moment_between(numbers, user.joined, plan.until);
                members.push(&[&user.id, &format!("account-{index}"), &1, &status, &linked, &linked]);
            }
        }
        vec![workspaces, members]
    }

    fn workspace(&self, workspaces: &mut Rows, numbers: &mut ChaCha8Rng, index: u32, user: &User) {
        let status = if index % 300 == 4 { "inactive" } else { "active" };
        let name = format!("acme-{index}");
        let (site, bot) = (uuid(numbers), "tracker-bot@acme.example");
        if self.hosted {
            workspaces.push(&[&name, &site, &user.id, &SECRET, &bot, &SECRET, &status, &user.joined, &user.joined]);
        } else {
            workspaces.push(&[&name, &user.id, &SECRET, &bot, &SECRET, &status, &user.joined, &user.joined]);
        }
    }
}

/// The queue of OHE's own jobs, with one that was killed half-way.
fn maintenance(numbers: &mut ChaCha8Rng, plan: &Plan, users: &Users) -> Rows {
    let mut rows = Rows::new(
        "maintenance_tasks",
        "status, processor_type, processor_json, delay, started_at, info, created_at, updated_at",
    );
    let processor = "server.maintenance_task_processor.user_version_upgrade_processor.UserVersionUpgradeProcessor";
    for index in 0..users.count().div_ceil(50) {
        let age = TimeDelta::hours(i64::try_from(index).unwrap_or_default() * 9 % 4000 + 2);
        let created = plan.until - age;
        let status = match index {
            0 => "WORKING",
            1..=3 => "PENDING",
            _ => pick(numbers, &[(95, "COMPLETED"), (4, "ERROR"), (1, "INACTIVE")]),
        };
        let started = (status != "PENDING").then_some(created);
        let info = (status == "ERROR").then_some(r#"{"error": "timed out"}"#);
        rows.push(&[&status, &processor, &"{}", &0, &started, &info, &created, &created]);
    }
    rows
}
