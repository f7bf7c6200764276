//! PostgreSQL's server programs.

use std::fs;
use std::path::Path;

use super::{Prerequisite, Source};
use crate::process::find;

pub(crate) const POSTGRESQL: Prerequisite = Prerequisite {
    name: "PostgreSQL",
    why: "the demo and the tests run a private server of it (Debian's package also sets up one of its own, left alone)",
    present: || find("initdb").is_some() || find("pg_config").is_some() || is_in_a_usual_place(),
    source: Source::Debian {
        packages: &["postgresql"],
        elsewhere: "the server programs of PostgreSQL 13 or newer (initdb and postgres), for instance `dnf install \
                    postgresql-server`, `apk add postgresql` or `brew install postgresql@17`",
    },
};

/// Whether a package put the programs where `PATH` does not lead. The crate `private-postgres` knows more places, and
/// which of the versions found it wants.
fn is_in_a_usual_place() -> bool {
    let parents = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
    let entries = parents.iter().filter_map(|parent| fs::read_dir(parent).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| has_server(&path)) || has_server(Path::new("/usr/local/pgsql"))
}

fn has_server(place: &Path) -> bool {
    place.join("bin/initdb").is_file() && place.join("bin/postgres").is_file()
}
