//! The server's configuration file.

use std::{fmt::Write as _, path::Path};

use crate::Options;

/// Settings of every server of ours. Connections are plentiful as tests open a pool each; the log speaks of trouble alone.
const ALWAYS: [(&str, &str); 5] = [
    ("listen_addresses", ""),
    ("port", "5432"),
    ("max_connections", "300"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
];

/// Settings of a server whose data may be lost with the machine.
const NOT_DURABLE: [(&str, &str); 3] = [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")];

/// The text of `postgresql.conf` for a server in `data` that listens in `sockets`. Later lines win.
pub(crate) fn text(options: &Options, data: &Path, sockets: &Path) -> String {
    let (from_initdb, sockets) = (data.join("postgresql.conf"), sockets.to_string_lossy());
    // What initdb found out about the machine (shared memory, locale) stands in its own file.
    let mut text = format!("include {}\n", quoted(&from_initdb.to_string_lossy()));
    let lost_with_the_machine: &[_] = if options.durable { &[] } else { &NOT_DURABLE };
    let place = [("unix_socket_directories", &*sockets)];
    let ours = ALWAYS.into_iter().chain(place).chain(lost_with_the_machine.iter().copied());
    let the_callers = options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in ours.chain(the_callers) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name} = {}", quoted(value));
    }
    text
}

/// A value as the file's syntax has it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_so_that_none_ends_early() {
        for (value, expected) in [("", "''"), ("it's", "'it''s'"), (r"a\b", r"'a\\b'")] {
            assert_eq!(quoted(value), expected);
        }
    }

    #[test]
    fn durability_is_given_up_only_when_asked_for() {
        let (data, sockets) = (Path::new("/d"), Path::new("/s"));
        assert!(!text(&Options::kept_in("/d"), data, sockets).contains("fsync"));
        assert!(text(&Options::temporary(), data, sockets).contains("fsync = 'off'\n"));
    }

    #[test]
    fn a_setting_of_the_caller_comes_last_and_so_wins() {
        let options = Options::temporary().setting("timezone", "Asia/Tokyo");
        assert!(text(&options, Path::new("/d"), Path::new("/s")).ends_with("\ntimezone = 'Asia/Tokyo'\n"));
    }
}
