//! What Keycloak runs on, and what fetches it.

use super::{Prerequisite, Source};
use crate::process::{command, succeeds};

pub(crate) const JAVA: Prerequisite = Prerequisite {
    name: "Java and Maven",
    why: "the tests of the administrator's address run a Keycloak, which Maven fetches",
    present: || succeeds(&mut command("java", ["-version"])) && succeeds(&mut command("mvn", ["-v"])),
    source: Source::Debian {
        packages: &["openjdk-17-jre-headless", "maven"],
        elsewhere: "Java 17 or newer, and Maven",
    },
};
