//! `PgBouncer`, a connection pooler.

use std::path::Path;

use super::{Prerequisite, Source};
use crate::process::find;

pub(crate) const PGBOUNCER: Prerequisite = Prerequisite {
    name: "PgBouncer",
    why: "a test puts it between the service and the database (Debian's package also sets up a service of its own, left \
          alone)",
    // Debian puts it where the PATH of an ordinary user does not lead.
    present: || find("pgbouncer").is_some() || Path::new("/usr/sbin/pgbouncer").is_file(),
    source: Source::Debian {
        packages: &["pgbouncer"],
        elsewhere: "the program pgbouncer, for instance `dnf install pgbouncer`, `apk add pgbouncer` or `brew install \
                    pgbouncer`",
    },
};
