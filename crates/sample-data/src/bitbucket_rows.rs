//! Webhooks that today's OHE has put into repositories of Bitbucket, in the cloud and in the company's own data center.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{
    conversation::World,
    copy::Rows,
    made_up::SECRET,
    random::uuid,
    users::{User, moment_between},
};

/// The rows of both kinds. On each code host, one repository in three has a webhook, and one has two.
pub(crate) fn webhooks(numbers: &mut ChaCha8Rng, world: World<'_>) -> [Rows; 2] {
    let mut cloud =
        Rows::new("bitbucket_webhook", "workspace, repo_slug, user_id, webhook_uuid, webhook_secret, last_synced");
    let mut own =
        Rows::new("bitbucket_dc_webhook", "project_key, repo_slug, user_id, webhook_id, webhook_secret, last_synced");
    for Webhook { place, project, slug, user } in webhooks_of(numbers, world, "bitbucket") {
        // One in five covers the whole workspace.
        let slug = (place % 5 != 4).then_some(slug);
        let synced = moment_between(numbers, user.joined, world.plan.until);
        cloud.push(&[&project, &slug, &user.id, &uuid(numbers), &SECRET, &synced]);
    }
    for Webhook { place, project, slug, user } in webhooks_of(numbers, world, "bitbucket_data_center") {
        let synced = moment_between(numbers, user.joined, world.plan.until);
        own.push(&[&project, &slug, &user.id, &(place + 17).to_string(), &SECRET, &synced]);
    }
    [cloud, own]
}

struct Webhook<'a> {
    /// Its place among all of its host.
    place: u32,
    project: &'a str,
    slug: &'a str,
    user: &'a User,
}

fn webhooks_of<'a>(numbers: &mut ChaCha8Rng, world: World<'a>, host: &str) -> Vec<Webhook<'a>> {
    let repositories = world.repositories.iter().filter(|repository| repository.provider == host);
    let mut all = Vec::new();
    let mut place = 0;
    for (number, repository) in (0_u32..).zip(repositories) {
        let Some((project, slug)) = repository.name.split_once('/') else { continue };
        let Some(user) = installer(numbers, world) else { continue };
        let count = match number % 3 {
            0 => 2,
            1 => 1,
            _ => 0,
        };
        for _ in 0..count {
            all.push(Webhook { place, project, slug, user });
            place += 1;
        }
    }
    all
}

/// Somebody who was there to put it in.
fn installer<'a>(numbers: &mut ChaCha8Rng, world: World<'a>) -> Option<&'a User> {
    let count = u32::try_from(world.users.count()).unwrap_or(u32::MAX);
    let user = (count > 0).then(|| numbers.random_range(0..count)).and_then(|number| world.users.get(number));
    user.filter(|user| user.has_account(world.plan))
}
