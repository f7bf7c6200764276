//! Rows about organizations: who belongs to them, who is invited, and what they may spend.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sqlx::PgConnection;

use crate::{
    Plan, Summary, Tables,
    copy::Rows,
    made_up::SECRET,
    organizations::{Organization, Organizations, Role},
    random::{Stream, pick, stream, uuid},
    users::{User, Users, moment_between},
};

/// The ids of the roles, which differ between installs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Roles {
    owner: i32,
    pub(crate) admin: i32,
    member: i32,
}

impl Roles {
    /// Those that OHE's migrations have put into the table.
    pub(crate) async fn of(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let (owner, admin, member) = sqlx::query_as(
            "select (select id from role where name = 'owner'), (select id from role where name = 'admin'),
                    (select id from role where name = 'member')",
        )
        .fetch_one(connection)
        .await?;
        Ok(Self { owner, admin, member })
    }

    fn id(self, role: Role) -> i32 {
        match role {
            Role::Owner => self.owner,
            Role::Admin => self.admin,
            Role::Member => self.member,
        }
    }
}

#[derive(Debug)]
pub(crate) struct OrganizationRows<'a> {
    plan: &'a Plan,
    roles: Roles,
    numbers: ChaCha8Rng,
    organizations: Rows,
    members: Rows,
    invitations: Rows,
    budgets: Rows,
    secrets: Rows,
}

impl<'a> OrganizationRows<'a> {
    pub(crate) fn new(plan: &'a Plan, roles: Roles) -> Self {
        let budget_columns = match plan.tables {
            Tables::Orgs => {
                "org_id, enabled, monthly_limit, cycle_start_at, cycle_start_spend, created_at, updated_at, control_mode"
            }
            Tables::Orgs154 | Tables::Settings => {
                "org_id, enabled, monthly_limit, cycle_start_at, cycle_start_spend, created_at, updated_at"
            }
        };
        let mut numbers = stream(plan.seed, Stream::Organizations);
        // Behind the numbers that have made the organizations themselves.
        numbers.set_word_pos(1 << 40);
        Self {
            plan,
            roles,
            numbers,
            organizations: Rows::new(
                "org",
                "id, name, contact_email, is_default, org_version, agent_settings, conversation_settings, updated_at",
            ),
            members: Rows::new(
                "org_member",
                "org_id, user_id, role_id, _llm_api_key, status, agent_settings_diff, conversation_settings_diff, \
                 has_custom_llm_api_key",
            ),
            invitations: Rows::new(
                "org_invitation",
                "token, org_id, email, role_id, inviter_id, status, created_at, expires_at, accepted_at, accepted_by_user_id",
            ),
            budgets: Rows::new("org_budget_settings", budget_columns),
            secrets: Rows::new(
                "custom_secrets",
                "keycloak_user_id, org_id, secret_name, secret_value, description, is_org_shared",
            ),
        }
    }

    /// Adds the organization that a user has alone.
    pub(crate) fn personal(&mut self, user: &User) {
        let (name, contact) = (format!("user_{}_org", user.id), None::<&str>);
        self.organizations.push(&[&user.id, &name, &contact, &false, &5, &"{}", &"{}", &user.joined]);
        self.member(user.id, user, Role::Owner);
    }

    /// Adds the organizations of several people.
    pub(crate) fn teams(&mut self, users: &Users, organizations: &Organizations) {
        for (number, organization) in organizations.iter().enumerate() {
            let Organization { id, name, is_default, .. } = organization;
            let contact = is_default.then_some("platform@acme.example");
            let updated = organization.owner(users).map(|owner| owner.joined);
            self.organizations.push(&[id, name, &contact, is_default, &5, &"{}", &"{}", &updated]);
            for (user, role) in organization.members(users) {
                self.member(*id, user, role);
                self.invitation_of(organization, users, user, role);
            }
            if let Some(owner) = organization.owner(users) {
                self.open_invitations(organization, owner);
                if number % 2 == 1 {
                    self.budget(organization, owner, number % 5 != 0);
                }
                if number % 3 == 1 && self.plan.tables == Tables::Orgs {
                    let (name, note) = ("REGISTRY_TOKEN", "For everybody");
                    self.secrets.push(&[&owner.id, id, &name, &SECRET, &note, &true]);
                }
            }
        }
    }

    fn member(&mut self, organization: uuid::Uuid, user: &User, role: Role) {
        let role = self.roles.id(role);
        self.members.push(&[&organization, &user.id, &role, &SECRET, &"active", &"{}", &"{}", &false]);
    }

    /// The invitation by which a member of a team came.
    fn invitation_of(&mut self, organization: &Organization, users: &Users, user: &User, role: Role) {
        let Some(owner) = organization.owner(users).filter(|_| !organization.is_default && role != Role::Owner) else {
            return;
        };
        let since = user.joined.max(owner.joined);
        let accepted = (since + TimeDelta::hours(self.numbers.random_range(1..90))).min(self.plan.until);
        let created = accepted - TimeDelta::hours(self.numbers.random_range(1..100));
        self.invitation(organization, owner, created, "accepted", Some((accepted, user)));
    }

    /// Invitations that nobody has accepted so far, about one in ten days.
    fn open_invitations(&mut self, organization: &Organization, owner: &User) {
        let days = (self.plan.until - owner.joined).num_days();
        for _ in 0..(days / 10).clamp(1, 60) {
            let created = moment_between(&mut self.numbers, owner.joined, self.plan.until);
            let is_over = created + LIFE < self.plan.until;
            // Only who looks at an old invitation marks it as expired.
            let status = match pick(&mut self.numbers, &[(70, "pending"), (15, "expired"), (15, "revoked")]) {
                "expired" if !is_over => "pending",
                status => status,
            };
            self.invitation(organization, owner, created, status, None);
        }
    }

    fn invitation(
        &mut self,
        organization: &Organization,
        inviter: &User,
        created: DateTime<Utc>,
        status: &str,
        accepted: Option<(DateTime<Utc>, &User)>,
    ) {
        let token = uuid(&mut self.numbers).simple().to_string();
        let email = format!("invited-{}@acme.example", &token[..8]);
        self.invitations.push(&[
            &token,
            &organization.id,
            &email,
            &self.roles.member,
            &inviter.id,
            &status,
            &created,
            &(created + LIFE),
            &accepted.map(|(accepted, _)| accepted),
            &accepted.map(|(_, user)| user.id),
        ]);
    }

    fn budget(&mut self, organization: &Organization, owner: &User, enabled: bool) {
        let created = (owner.joined + TimeDelta::days(9)).min(self.plan.until);
        let limit = f64::from(self.numbers.random_range(1..20)) * 50.0;
        let cycle = created.max(self.plan.until - TimeDelta::days(20));
        let mut values: Vec<&dyn crate::copy::Value> = vec![&organization.id, &enabled, &limit, &cycle, &0.0];
        values.extend::<[&dyn crate::copy::Value; 2]>([&created, &created]);
        if self.plan.tables == Tables::Orgs {
            values.push(&"managed");
        }
        self.budgets.push(&values);
    }

    pub(crate) async fn flush_organizations(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.organizations.flush(connection).await
    }

    /// Writes what refers to accounts.
    pub(crate) async fn flush_members(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        for table in [&mut self.members, &mut self.invitations, &mut self.budgets, &mut self.secrets] {
            table.flush(connection).await?;
        }
        Ok(())
    }

    pub(crate) fn add_to(&self, summary: &mut Summary) {
        for table in [&self.organizations, &self.members, &self.invitations, &self.budgets, &self.secrets] {
            summary.add(table.count());
        }
    }
}

/// How long an invitation is good for.
const LIFE: TimeDelta = TimeDelta::days(7);
