//! A browser.

use std::path::Path;

use super::{Prerequisite, Source};
use crate::process::find;

pub(crate) const CHROMIUM: Prerequisite = Prerequisite {
    name: "Chromium",
    why: "the browser tests drive it",
    present: || program().is_some(),
    source: Source::Debian {
        // Debian's recommendation for Chromium; without any font there is no text on a page.
        packages: &["chromium", "fonts-liberation", "fonts-dejavu-core"],
        elsewhere: "Chromium or Google Chrome",
    },
};

/// The browser to drive.
pub(crate) fn program() -> Option<String> {
    const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    const APPLICATIONS: [&str; 2] = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    let applications = APPLICATIONS.iter().filter(|path| Path::new(path).is_file()).map(ToString::to_string);
    NAMES.iter().filter_map(|name| find(name)).chain(applications).next()
}
