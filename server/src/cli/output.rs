//! Results on standard output: JSON for programs, sentences and tables for people. This file decides which.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, SecondsFormat, Utc};
use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use serde::Serialize;

/// No terminal that a person reads tables at is narrower than this.
const NARROWEST: u16 = 20;
const USUAL_WIDTH: u16 = 80;

/// How a person reads a result. Colour may be in it: it is taken out where the terminal shows none, or `NO_COLOR` is set.
pub(super) trait ForPeople {
    /// Short tables and sentences, without a line break at the end.
    fn for_people(&self) -> String;
}

/// Whom results are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// A program, or a file: one line of JSON.
    Json,
    /// A person at a terminal.
    People,
}

impl Output {
    /// Of this process, where `json` was asked for or not.
    pub(super) fn of_process(json: bool) -> Self {
        if json || !io::stdout().is_terminal() { Self::Json } else { Self::People }
    }

    /// Prints a result.
    pub(super) fn print(self, result: &(impl Serialize + ForPeople)) -> anyhow::Result<()> {
        match self {
            Self::Json => print_text(serde_json::to_string(result)?),
            Self::People => print_text(result.for_people()),
        }
    }
}

/// Prints a text for people.
pub(super) fn print_text(text: impl fmt::Display) -> anyhow::Result<()> {
    Ok(writeln!(anstream::stdout(), "{text}")?)
}

/// A table under its heads, no wider than the terminal.
pub(super) fn table<const COLUMNS: usize>(
    heads: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [Cell; COLUMNS]>,
) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heads.map(|head| Cell::new(head).add_attribute(Attribute::Bold)));
    table.add_rows(rows);
    // A terminal that does not know its width says 0, as one without a window does.
    if table.width().is_some_and(|width| width < NARROWEST) {
        table.set_width(USUAL_WIDTH);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// Names and values below each other.
pub(super) fn facts<const COUNT: usize>(facts: [(&str, String); COUNT]) -> String {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    facts.map(|(name, value)| format!("{name:width$}  {value}")).join("\n")
}

/// A time to the second.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `one metric`, `7 metrics`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A text in a colour.
pub(super) fn coloured(colour: AnsiColor, text: impl fmt::Display) -> String {
    let style = Style::new().fg_color(Some(colour.into()));
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_below_each_other() {
        assert_eq!(facts([("State", "ok".to_owned()), ("Own id", "1".to_owned())]), "State   ok\nOwn id  1");
    }

    #[test]
    fn a_table_has_heads_and_no_trailing_space() {
        let rows = [["a", "1"], ["longer", ""]].map(|row| row.map(Cell::new));
        assert_eq!(table(["name", "value"], rows), "name    value\na       1\nlonger");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!((count(1, "metric"), count(0, "metric")), ("1 metric".to_owned(), "0 metrics".to_owned()));
    }
}
