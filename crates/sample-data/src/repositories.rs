//! The repositories of the company.

use rand::{Rng, RngExt};

use crate::{
    Plan,
    random::{Stream, pick, stream, whole},
};

/// A repository that conversations work on.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) name: String,
    /// The code host that it is on.
    pub(crate) provider: &'static str,
    pub(crate) id: u32,
}

/// The repositories of the company, the busiest first.
#[derive(Debug)]
pub(crate) struct Repositories(Vec<Repository>);

impl Repositories {
    /// About one repository for three users.
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut numbers = stream(plan.seed, Stream::Repositories);
        let count = if plan.users == 0 { 0 } else { (plan.users / 3).clamp(4, 5000) };
        let all = (0..count).map(|index| {
            let team = pick(&mut numbers, &[(3, "platform"), (3, "shop"), (2, "data"), (2, "mobile"), (1, "research")]);
            let what = pick(&mut numbers, &[(3, "service"), (2, "web"), (2, "jobs"), (1, "infra"), (1, "sdk")]);
            let provider = pick(
                &mut numbers,
                &[(70, "github"), (15, "gitlab"), (6, "bitbucket"), (5, "bitbucket_data_center"), (4, "azure_devops")],
            );
            Repository { name: format!("acme-{team}/{what}-{index}"), provider, id: 700_000_000 + index * 37 }
        });
        Self(all.collect())
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Repository> {
        self.0.iter()
    }

    /// One of them, a busy one more often; `None` when there is none.
    pub(crate) fn somewhere(&self, numbers: &mut impl Rng) -> Option<&Repository> {
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let position = f64::from(count) * numbers.random::<f64>().powf(2.5);
        usize::try_from(whole(position)).ok().and_then(|position| self.0.get(position))
    }
}
