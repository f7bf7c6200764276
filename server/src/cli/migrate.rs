//! `ohe-telemetry migrate`.

use clap::Args;
use serde::Serialize;

use super::install;
use super::output::{ForPeople, Output, count};

/// Make our tables, or bring them up to date.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Give this database role, which runs the service, what it needs on our tables, and nothing to create. For the owner of
    /// OHE's database, at installation and at each upgrade.
    #[arg(long, value_name = "ROLE")]
    grant_to: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Migrated {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    granted_to: Option<String>,
    #[serde(skip)]
    statements: Vec<String>,
}

impl Migrate {
    pub(super) async fn run(self, output: Output) -> anyhow::Result<()> {
        let install = install()?;
        install.prepare().await?;
        let statements = match &self.grant_to {
            Some(role) => install.grant_to(role).await?,
            None => Vec::new(),
        };
        output.print(&Migrated { status: "completed", granted_to: self.grant_to, statements })
    }
}

impl ForPeople for Migrated {
    fn for_people(&self) -> String {
        let tables = "The telemetry tables are up to date.";
        match &self.granted_to {
            None => tables.to_owned(),
            Some(role) if self.statements.is_empty() => format!("{tables} The role {role} had all rights already."),
            Some(role) => {
                let given = count(self.statements.len(), "statement");
                format!("{tables} The role {role} was given its rights by {given}:\n  {}", self.statements.join("\n  "))
            }
        }
    }
}
