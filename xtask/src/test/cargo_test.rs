//! What `cargo test` prints.

use super::outcome::Outcome;

/// The sum over all test programs. A test that is ignored is a failure: whoever reads "passed" believes that it ran.
pub(super) fn count(printed: &str) -> Outcome {
    let mut sum = Outcome::default();
    for line in printed.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
        let number = |word: &str| {
            let before = line.split([';', '.']).map(str::trim).find_map(|part| part.strip_suffix(word));
            before.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        sum += Outcome { passed: number("passed"), failed: number("failed") + number("ignored") };
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_programs_are_summed_and_ignored_tests_failed() {
        let printed = "\
running 12 tests
test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
running 5 tests
test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s
";
        assert_eq!(count(printed), Outcome { passed: 15, failed: 2 });
        assert_eq!(count(""), Outcome::default());
    }
}
