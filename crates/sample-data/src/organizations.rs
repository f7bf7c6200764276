//! The organizations of an install: everybody's own, the default one, which whoever logs in becomes a member of, and a few
//! teams.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rand::RngExt;
use uuid::Uuid;

use crate::{
    Plan,
    made_up::TEAMS,
    random::{Stream, stream, uuid},
    users::{Entry, User, Users},
};

/// What somebody is in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Owner,
    Admin,
    Member,
}

/// An organization of several people.
#[derive(Debug)]
pub(crate) struct Organization {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) is_default: bool,
    /// The members' numbers, in the order in which they came; the first owns it.
    members: Vec<u32>,
    admins: usize,
}

impl Organization {
    /// The members with their roles.
    pub(crate) fn members<'a>(&'a self, users: &'a Users) -> impl Iterator<Item = (&'a User, Role)> {
        let members = self.members.iter().filter_map(|number| users.get(*number));
        members.enumerate().map(|(place, user)| match place {
            0 => (user, Role::Owner),
            place if place <= self.admins => (user, Role::Admin),
            _ => (user, Role::Member),
        })
    }

    /// Who owns it.
    pub(crate) fn owner<'a>(&self, users: &'a Users) -> Option<&'a User> {
        self.members.first().and_then(|number| users.get(*number))
    }
}

/// All organizations of several people, and who is where at present.
#[derive(Debug)]
pub(crate) struct Organizations {
    all: Vec<Organization>,
    /// By the number of the user.
    current: Vec<Uuid>,
}

impl Organizations {
    /// Those of a plan: a team for forty users, and none on tables without organizations.
    pub(crate) fn new(plan: &Plan, users: &Users) -> Self {
        let mut numbers = stream(plan.seed, Stream::Organizations);
        let mut current: Vec<Uuid> = users.iter().map(|user| user.id).collect();
        let entered: Vec<u32> = users.iter().filter(|user| user.has_entered(plan)).map(|user| user.number).collect();
        let mut all = Vec::new();
        if !plan.tables.has_organizations() || entered.is_empty() {
            return Self { all, current };
        }
        let (id, name) = (uuid(&mut numbers), "Enterprise Org".to_owned());
        all.push(Organization {
            id,
            name,
            is_default: true,
            admins: entered.len().min(3) - 1,
            members: entered.clone(),
        });
        let teams = if entered.len() < 8 { 0 } else { (entered.len() / 40).clamp(1, 400) };
        for (team, name) in (0..teams).zip(TEAMS.iter().cycle()) {
            let round = team / TEAMS.len();
            let name = if round == 0 { (*name).to_owned() } else { format!("{name} {}", round + 1) };
            let size = numbers.random_range(4..16);
            let members: BTreeSet<u32> = (0..size).map(|_| entered[numbers.random_range(0..entered.len())]).collect();
            let (id, admins) = (uuid(&mut numbers), numbers.random_range(0..3));
            all.push(Organization { id, name, is_default: false, members: members.into_iter().collect(), admins });
        }
        for organization in &all {
            for place in organization.members.iter().filter_map(|number| usize::try_from(*number).ok()) {
                if let Some(place) = current.get_mut(place) {
                    *place = organization.id;
                }
            }
        }
        Self { all, current }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Organization> {
        self.all.iter()
    }

    /// The one that a user has chosen last; the user's own without any other.
    pub(crate) fn current(&self, user: &User) -> Uuid {
        let place = usize::try_from(user.number).ok();
        place.and_then(|place| self.current.get(place)).copied().unwrap_or(user.id)
    }
}

impl User {
    /// Whether the user has ever got into an OHE with organizations.
    fn has_entered(&self, plan: &Plan) -> bool {
        self.has_account(plan) && self.entry != Entry::AddressUnverified && !self.is_provisioned()
    }

    /// When the user first logged in, while OHE keeps it: shortly before accepting the terms of service. Accounts of an
    /// upgraded install have it from their next login.
    pub(crate) fn first_login(&self, plan: &Plan) -> Option<DateTime<Utc>> {
        if !self.has_entered(plan) {
            return None;
        }
        match plan.upgraded_at().filter(|upgrade| self.joined < *upgrade) {
            // Some are still logged in from before.
            Some(_) if self.number % 5 == 2 => None,
            Some(upgrade) => {
                Some(upgrade + (plan.until - upgrade) / 200 * i32::try_from(self.number % 50).unwrap_or(0))
            }
            None => Some(self.joined),
        }
    }
}
