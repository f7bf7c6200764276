//! The part of `docs/grants.sql` that follows from what is read: which columns of which table.

use std::collections::{BTreeMap, BTreeSet};

use domain::ohe::Generation;

use crate::{Registry, administrators::ADMINISTRATOR_COLUMNS, schema::REVISION};

const BEGIN: &str = "SELECT * FROM (VALUES\n";
const END: &str = "        ) AS tables (relation, columns)";
/// Longer lists of columns go on in another line.
const LINE: usize = 118;

/// The script `text` with the columns that collectors and the look-up of the administrator read, in either generation of OHE's
/// database; `None` if the script has no list of columns.
pub fn render(text: &str, registry: &Registry) -> Option<String> {
    let (head, rest) = text.split_once(BEGIN)?;
    let (_, tail) = rest.split_once(END)?;
    let rows: Vec<_> = tables(registry).into_iter().map(|(table, columns)| row(table, &columns)).collect();
    Some(format!("{head}{BEGIN}{}\n{END}{tail}", rows.join(",\n")))
}

fn tables(registry: &Registry) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut tables = BTreeMap::<_, BTreeSet<_>>::new();
    let collectors = registry.collectors().iter();
    let collected = collectors.flat_map(|collector| Generation::ALL.map(|generation| collector.reads(generation)));
    for column in collected.flatten().chain(ADMINISTRATOR_COLUMNS).chain([REVISION]) {
        tables.entry(column.table).or_default().extend(column.name);
    }
    tables
}

fn row(table: &str, columns: &BTreeSet<&str>) -> String {
    let mut row = format!("            ('{table}', '");
    let mut length = row.len();
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            row += ",";
            length += 1;
        }
        if length + column.len() + 1 > LINE {
            row += "\n                ";
            length = 16;
        } else if index > 0 {
            row += " ";
            length += 1;
        }
        row += column;
        length += column.len();
    }
    row + "')"
}
