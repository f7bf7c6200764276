//! Words that stand in the rows where an install would have its own: titles, models, addresses, secrets. All are made up.

use rand_chacha::ChaCha8Rng;

use crate::random::pick;

/// Stands where OHE keeps an encrypted or plain secret. Nothing opens with it.
pub(crate) const SECRET: &str = "sample-data-no-secret";

/// The address of the first user.
pub(crate) const ADMIN_EMAIL: &str = "admin@acme.example";

/// Models that users choose, and what their conversations run on.
pub(crate) const MODELS: [(u32, &str); 5] = [
    (50, "openhands/claude-sonnet-4-5-20250929"),
    (20, "openhands/claude-opus-4-5-20251101"),
    (15, "openhands/gpt-5-2025-08-07"),
    (10, "openhands/qwen3-coder-480b"),
    (5, "openhands/devstral-medium-2507"),
];

/// What users call their API keys.
pub(crate) const KEY_NAMES: [(u32, Option<&str>); 3] = [(6, Some("ci")), (3, Some("laptop")), (1, None)];

/// What team organizations are called.
pub(crate) const TEAMS: [&str; 8] =
    ["Checkout", "Payments", "Data Platform", "Mobile", "Search", "Infrastructure", "Research", "Quality"];

/// Languages of the user interface.
pub(crate) fn language(numbers: &mut ChaCha8Rng) -> &'static str {
    pick(numbers, &[(70, "en"), (8, "de"), (7, "ja"), (5, "fr"), (5, "zh-CN"), (5, "es")])
}

/// What somebody may have asked for.
pub(crate) fn title(numbers: &mut ChaCha8Rng) -> String {
    let task = pick(
        numbers,
        &[(4, "Fix"), (3, "Add tests for"), (2, "Refactor"), (2, "Explain"), (1, "Speed up"), (1, "Document")],
    );
    let subject = pick(
        numbers,
        &[(3, "checkout"), (3, "login"), (2, "the report export"), (2, "invoice parsing"), (1, "search"), (1, "CI")],
    );
    format!("{task} {subject}")
}

/// The code of a device login, as `ABCD-2345`. Each number has one of its own.
pub(crate) fn device_code(mut number: u32) -> String {
    const LETTERS: [char; 32] = [
        'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X',
        'Y', 'Z', '2', '3', '4', '5', '6', '7', '8', '9',
    ];
    let mut code = String::new();
    for position in 0..8 {
        if position == 4 {
            code.push('-');
        }
        code.push(LETTERS[number as usize % LETTERS.len()]);
        number /= 32;
    }
    code
}
